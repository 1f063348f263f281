"""How the bot answers a message."""

import logging

from telegram import InlineKeyboardMarkup, Message

from bot.api import UNREADABLE

_log = logging.getLogger(__name__)


async def answer(message: Message, html: str, keyboard: InlineKeyboardMarkup | None = None) -> int | None:
    """Answer where the message stands: in its thread, and in a group as a reply, even if it was deleted since.

    The id of the answer; None if the server took it and said nothing that can be read.
    """
    try:
        return (await message.reply_html(html, reply_markup=keyboard, allow_sending_without_reply=True)).message_id
    except UNREADABLE as error:
        _log.warning("what the server says of a message it took cannot be read: %s", type(error).__name__)
        return None
