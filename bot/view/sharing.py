"""A poem to be passed on: with the link that leads to it, in the text, where forwarding keeps it."""

from urllib.parse import urlencode

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.storage.models import Poem
from bot.view.messages import Html, Say
from bot.view.poems import poem_message
from poetcore.script import Script


def shared_poem_message(poem: Poem, link: str, script: Script, say: Say) -> Html:
    """The poem and below it its link."""
    return Html(f"{poem_message(poem, script)}\n\n{say('poem-link', link=link)}")


def sharing_keyboard(link: str, say: Say) -> InlineKeyboardMarkup:
    """A button that lets a reader choose whom to send the link to; as it is a link itself, forwarding keeps it too."""
    url = f"https://t.me/share/url?{urlencode({'url': link})}"
    return InlineKeyboardMarkup([[InlineKeyboardButton(say.plain("poem-send-link"), url=url)]])
