"""The card button: a poem as a picture, drawn once and kept by Telegram."""

import asyncio
import logging
from datetime import date, timedelta, timezone
from functools import partial
from typing import Final

from telegram import MaybeInaccessibleMessage, Message
from telegram.constants import ChatAction
from telegram.error import BadRequest

from bot.context import Context
from bot.errors import CardError
from bot.handlers.answering import answer_below, as_sent, reply_to
from bot.handlers.writing import show_doing
from bot.storage.keeping import Picture, file_id_of, keep_file_id
from bot.storage.models import Poem
from bot.view.cards import Paper, card
from bot.view.fonts import Font
from bot.view.keyboards import in_script
from bot.view.language import Language
from bot.view.poems import kept_title
from poetcore.script import Script

# Poems are dated as their readers' calendars are: those who read the bot in Chinese live by the clocks of China.
_CHINA: Final = timezone(timedelta(hours=8))

_log = logging.getLogger(__name__)


async def send_card(context: Context, place: MaybeInaccessibleMessage, poem: Poem, paper: Paper) -> None:
    """Send the card of a poem: by Telegram's id of it where it was sent before, else drawn."""
    font = context.services.font
    if font is None:
        await answer_below(context.bot, place, context.say("poem-no-font"))
        return
    picture = Picture(poem.id, paper, context.script)
    known = await context.services.database.run(partial(file_id_of, picture=picture))
    if known is not None:
        try:
            await _send(context, place, known)
        except BadRequest as error:
            # Pictures belong to the bot that sent them: it has another token now.
            _log.info("a card's file_id is of no use: %s", error)
        else:
            return
    await _draw_and_send(context, place, font, poem, paper)


async def _draw_and_send(
    context: Context, place: MaybeInaccessibleMessage, font: Font, poem: Poem, paper: Paper
) -> None:
    on = _written_on(poem, context.reader.language)
    drawing = asyncio.to_thread(_drawn, poem, paper, context.script, on, font)
    try:
        drawn, _ = await asyncio.gather(drawing, show_doing(place.chat, ChatAction.UPLOAD_PHOTO))
    except CardError as error:
        _log.warning("no card of poem %d: %s", poem.id, error)
        await answer_below(context.bot, place, context.say("poem-no-card"))
        return
    file_id = await _send(context, place, drawn)
    if file_id is not None:
        picture = Picture(poem.id, paper, context.script)
        await context.services.database.run(partial(keep_file_id, picture=picture, file_id=file_id))


async def _send(context: Context, place: MaybeInaccessibleMessage, photo: str | bytes) -> str | None:
    """Telegram's id of the picture; None if the server took it and said nothing that can be read."""
    sending = context.bot.send_photo(
        place.chat.id,
        photo,
        message_thread_id=place.message_thread_id if isinstance(place, Message) and place.is_topic_message else None,
        reply_parameters=reply_to(place),
        filename=None if isinstance(photo, str) else "poem.png",
    )
    sent = await as_sent(sending)
    return sent.photo[-1].file_id if sent and sent.photo else None


def _drawn(poem: Poem, paper: Paper, script: Script, on: date, font: Font) -> bytes:
    text, form = in_script(poem.text, script), in_script(poem.form or "", script)
    return card(text, title=kept_title(poem, script), form=form or None, on=on, paper=paper, font=font)


def _written_on(poem: Poem, language: Language) -> date:
    return (poem.created_at if language is Language.ENGLISH else poem.created_at.astimezone(_CHINA)).date()
