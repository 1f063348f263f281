"""What happens when a handler fails: it is logged first, then the reader hears an apology."""

import logging
from dataclasses import replace
from functools import partial

from sqlalchemy.exc import SQLAlchemyError
from telegram import Update, User
from telegram.error import BadRequest, TelegramError
from telegram.ext import ApplicationHandlerStop

from bot.api import quietly
from bot.context import Context
from bot.handlers.answering import answer
from bot.storage.preferences import preference_of
from bot.view.messages import Say, say_for
from bot.view.reader import reader_of

_log = logging.getLogger(__name__)


async def on_error(update: object, context: Context) -> None:
    """Log an error with the update's id, never with its text, and apologise where that can help."""
    error = context.error
    number = update.update_id if isinstance(update, Update) else None
    # python-telegram-bot derives BadRequest, a mistake of ours, from TelegramError too.
    if isinstance(error, TelegramError) and not isinstance(error, BadRequest):
        # An apology would not arrive either, or would follow an answer that did arrive.
        _log.warning("update %s: %s: %s", number, type(error).__name__, error)
    else:
        _log.error("update %s failed", number, exc_info=error)
        if isinstance(update, Update):
            await quietly("apology", _apologise(update, context))
    # Otherwise an update that the gate failed on would go on to the handlers behind it.
    raise ApplicationHandlerStop


async def _apologise(update: Update, context: Context) -> None:
    sorry = (await _say(update.effective_user, context)).plain("talk-sorry")
    if update.callback_query:
        await update.callback_query.answer(sorry)
    elif update.message:
        await answer(update.message, sorry)


async def _say(user: User | None, context: Context) -> Say:
    """How to talk to a reader, asked for anew: an error's context knows no reader, and perhaps none was admitted."""
    if user is None:
        return say_for(None)
    try:
        known = await context.services.database.run(partial(preference_of, user_id=user.id))
    except SQLAlchemyError:
        # Perhaps this is what went wrong in the first place.
        return say_for(user.language_code)
    return reader_of(user.id, replace(known, language_code=user.language_code)).say
