"""How a reader hears something else than what they asked for: that they must wait, or that something went wrong."""

from telegram import Bot, Update
from telegram.error import TelegramError

from bot.api import UNREADABLE
from bot.handlers.answering import answer, answer_below
from bot.view.messages import Say


async def tell(update: Update, bot: Bot, say: Say, key: str, **values: int) -> None:
    """Answer a message; a press with a toast or, if that was answered already, below its message."""
    query = update.callback_query
    if query is None:
        if update.message is not None:
            await answer(update.message, say(key, **values))
        return
    try:
        await query.answer(say.plain(key, **values))
    except (TelegramError, *UNREADABLE):
        if query.message is not None:
            await answer_below(bot, query.message, say(key, **values))
