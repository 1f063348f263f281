"""What concerns one reader alone is answered in their private chat."""

from functools import wraps

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.constants import ChatType
from telegram.helpers import create_deep_linked_url

from bot.context import Context
from bot.handlers.administrators import Handler
from bot.handlers.answering import answer


def in_private(handler: Handler) -> Handler:
    """`handler` of a command for private chats; in a group the answer is the way there."""

    @wraps(handler)
    async def checked(update: Update, context: Context) -> None:
        message = update.message
        if message is None or message.chat.type == ChatType.PRIVATE:
            await handler(update, context)
            return
        way = InlineKeyboardButton(
            context.say.plain("talk-button-private"), url=create_deep_linked_url(context.bot.username)
        )
        await answer(message, context.say("talk-in-private"), InlineKeyboardMarkup([[way]]))

    return checked
