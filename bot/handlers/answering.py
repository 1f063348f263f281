"""How the bot answers a message."""

from telegram import InlineKeyboardMarkup, Message


async def answer(message: Message, html: str, keyboard: InlineKeyboardMarkup | None = None) -> Message:
    """Answer where the message stands: in its thread, and in a group as a reply, even if it was deleted since."""
    return await message.reply_html(html, reply_markup=keyboard, allow_sending_without_reply=True)
