"""What happens when a handler fails: it is logged first, then the reader hears an apology."""

import logging
import re
from dataclasses import replace
from functools import partial
from traceback import walk_tb
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from telegram import Update, User
from telegram.error import BadRequest, TelegramError
from telegram.ext import ApplicationHandlerStop

from bot.api import quietly
from bot.context import Context
from bot.errors import NotComposedError
from bot.handlers.telling import tell
from bot.logs import without_words
from bot.storage.failures import Happened, note_failure
from bot.storage.models import now
from bot.storage.preferences import preference_of
from bot.view.messages import Say, say_for
from bot.view.reader import reader_of

# python-telegram-bot calls a mistake of ours BadRequest, and so what readers and groups bring about.
_NOT_OURS: Final = re.compile(
    r"rights|_forbidden|_restricted|chat not found|peer_id_invalid|topic_|thread not found|not modified"
    r"|query is too old|message to \w+( \w+)? not found|message can't be",
    re.IGNORECASE,
)
_OURS: Final = ("bot", "poetcore")
_HANDLERS: Final = "bot.handlers."

_log = logging.getLogger(__name__)


async def on_error(update: object, context: Context) -> None:
    """Log an error with the update's id, never with its words, apologise where that can help, and count it."""
    error = context.error
    number = update.update_id if isinstance(update, Update) else None
    if isinstance(error, NotComposedError):
        await _tell(update, context, error.key)
    elif isinstance(error, TelegramError) and not _is_our_mistake(error):
        # An apology would not arrive either, or would follow an answer that did arrive.
        _log.warning("update %s: %s: %s", number, type(error).__name__, error)
    elif error is not None:
        _log.error("update %s failed", number, exc_info=without_words(error))
        await _tell(update, context, "talk-sorry")
        await _count(error, number, context)
    # Otherwise an update that the gate failed on would go on to the handlers behind it.
    raise ApplicationHandlerStop


def happened(error: BaseException, update_id: int | None) -> Happened:
    """What is told of an error: its class, the handler that it left, and the last line of ours on its way."""
    frames = [(frame.f_globals.get("__name__", ""), frame.f_code, line) for frame, line in walk_tb(error.__traceback__)]
    ours = [frame for frame in frames if frame[0].partition(".")[0] in _OURS]
    handlers = [frame for frame in ours if frame[0].startswith(_HANDLERS)]
    handler, place = "–", "–"
    if handlers:
        module, code, _ = handlers[0]
        handler = f"{module.removeprefix(_HANDLERS)}.{code.co_name}"
    if ours:
        module, _, line = ours[-1]
        place = f"{module}:{line}"
    return Happened(type(error).__name__[:100], handler[:100], place[:200], update_id)


def _is_our_mistake(error: TelegramError) -> bool:
    return isinstance(error, BadRequest) and _NOT_OURS.search(error.message) is None


async def _count(error: BaseException, number: int | None, context: Context) -> None:
    try:
        await context.services.database.run(partial(note_failure, happened=happened(error, number), at=now()))
    except SQLAlchemyError as failure:
        # Perhaps this is what went wrong in the first place.
        _log.warning("the error cannot be kept for /errors: %s", type(failure).__name__)


async def _tell(update: object, context: Context, key: str) -> None:
    if isinstance(update, Update):
        say = await _say(update.effective_user, context)
        await quietly("telling what went wrong", tell(update, context.bot, say, key))


async def _say(user: User | None, context: Context) -> Say:
    """How to talk to a reader, asked for anew: an error's context knows no reader, and perhaps none was admitted."""
    if user is None:
        return say_for(None)
    try:
        known = await context.services.database.run(partial(preference_of, user_id=user.id))
    except SQLAlchemyError:
        return say_for(user.language_code)
    return reader_of(user.id, replace(known, language_code=user.language_code)).say
