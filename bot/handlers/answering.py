"""How the bot answers a message, or a press of a button below one."""

import logging

from telegram import (
    Bot,
    ForceReply,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    MaybeInaccessibleMessage,
    Message,
    ReplyParameters,
)
from telegram.constants import ParseMode

from bot.api import UNREADABLE

Markup = InlineKeyboardMarkup | ForceReply

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)

_log = logging.getLogger(__name__)


async def answer(message: Message, html: str, keyboard: Markup | None = None) -> int | None:
    """Answer where the message stands: in its thread, and in a group as a reply, even if it was deleted since.

    The id of the answer; None if the server took it and said nothing that can be read.
    """
    try:
        sent = await message.reply_html(
            html, reply_markup=keyboard, allow_sending_without_reply=True, link_preview_options=_NO_PREVIEW
        )
    except UNREADABLE as error:
        _log.warning("what the server says of a message it took cannot be read: %s", type(error).__name__)
        return None
    return sent.message_id


async def answer_below(
    bot: Bot, place: MaybeInaccessibleMessage, html: str, keyboard: Markup | None = None
) -> int | None:
    """As `answer`, below a message whose button was pressed; one that is very old is known by its number only."""
    if isinstance(place, Message):
        return await answer(place, html, keyboard)
    try:
        sent = await bot.send_message(
            place.chat.id,
            html,
            parse_mode=ParseMode.HTML,
            reply_markup=keyboard,
            reply_parameters=ReplyParameters(place.message_id, allow_sending_without_reply=True),
            link_preview_options=_NO_PREVIEW,
        )
    except UNREADABLE as error:
        _log.warning("what the server says of a message it took cannot be read: %s", type(error).__name__)
        return None
    return sent.message_id
