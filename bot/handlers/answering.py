"""How the bot answers a message, or a press of a button below one."""

import logging
from collections.abc import Awaitable
from typing import Final

from telegram import (
    Bot,
    ForceReply,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    MaybeInaccessibleMessage,
    Message,
    ReplyParameters,
)
from telegram.constants import ChatType, ParseMode
from telegram.error import BadRequest, TelegramError

from bot.api import UNREADABLE

Markup = InlineKeyboardMarkup | ForceReply

_NO_PREVIEW: Final = LinkPreviewOptions(is_disabled=True)

_log = logging.getLogger(__name__)


async def answer(message: Message, html: str, keyboard: Markup | None = None) -> int | None:
    """Answer where the message stands: in its thread, and in a group as a reply, even if it was deleted since.

    The id of the answer; None if the server took it and said nothing that can be read.
    """
    sending = message.reply_html(
        html, reply_markup=keyboard, allow_sending_without_reply=True, link_preview_options=_NO_PREVIEW
    )
    sent = await as_sent(sending)
    return sent.message_id if sent else None


async def answer_below(
    bot: Bot, place: MaybeInaccessibleMessage, html: str, keyboard: Markup | None = None
) -> int | None:
    """As `answer`, below a message whose button was pressed; one that is very old is known by its number only."""
    if isinstance(place, Message):
        return await answer(place, html, keyboard)
    sending = bot.send_message(
        place.chat.id,
        html,
        parse_mode=ParseMode.HTML,
        reply_markup=keyboard,
        reply_parameters=reply_to(place),
        link_preview_options=_NO_PREVIEW,
    )
    sent = await as_sent(sending)
    return sent.message_id if sent else None


def reply_to(place: MaybeInaccessibleMessage) -> ReplyParameters | None:
    """In a group a reply to a message, if it is still there; where two talk, it is clear what is answered."""
    if place.chat.type == ChatType.PRIVATE:
        return None
    return ReplyParameters(place.message_id, allow_sending_without_reply=True)


async def changes(what: str, edit: Awaitable[object]) -> bool:
    """Make an edit; False if the message stood so already: the same button, pressed twice, is one wish.

    Any other failure is noted and that is all: the message may be gone, and what was chosen is still wanted.
    """
    try:
        await edit
    except (TelegramError, *UNREADABLE) as error:
        if isinstance(error, BadRequest) and "not modified" in error.message:
            return False
        _log.info("%s failed: %s: %s", what, type(error).__name__, error)
    return True


async def as_sent(sending: Awaitable[object]) -> Message | None:
    """A message as the server says that it was sent; None if it took it and said nothing that can be read."""
    try:
        sent = await sending
    except UNREADABLE as error:
        _log.warning("what the server says of a message it took cannot be read: %s", type(error).__name__)
        return None
    # python-telegram-bot hands on whatever is no object: a server that says true sent it, and that is all it says.
    return sent if isinstance(sent, Message) else None
