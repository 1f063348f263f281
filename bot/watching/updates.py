"""Watches updates being handled: what they hold, how long each handler takes, what fails."""

import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from telegram import Update
from telegram.ext import ApplicationHandlerStop

from bot.context import BotApplication
from bot.inbox import InTurn
from bot.watching.metrics import FAILURES, HANDLING, UPDATES
from bot.watching.subject import on_update

_log = logging.getLogger(__name__)

_Handler = Callable[[Any, Any], Coroutine[Any, Any, Any]]


class WatchedInTurn(InTurn):
    """Counts each update, and lets the log know which one a line is about."""

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """As `InTurn` does."""
        kind, began = kind_of(update), time.perf_counter()
        UPDATES.labels(kind).inc()
        with on_update(update.update_id if isinstance(update, Update) else None):
            await super().do_process_update(update, coroutine)
            _log.info("%s handled in %.3f s", kind, time.perf_counter() - began)


def watch_handlers(application: BotApplication) -> None:
    """Time all handlers that the application has, each under the name of its function."""
    for group in application.handlers.values():
        for handler in group:
            handler.callback = timed(handler.callback)


def timed(handle: _Handler) -> _Handler:
    """The handler, watched; what it raises is counted and goes on its way."""
    name = getattr(handle, "__name__", type(handle).__name__)

    async def watched(update: Any, context: Any) -> Any:
        began = time.perf_counter()
        try:
            return await handle(update, context)
        # This is how the gate says no.
        except ApplicationHandlerStop:
            raise
        except Exception as error:
            FAILURES.labels(name, type(error).__name__).inc()
            raise
        finally:
            HANDLING.labels(name).observe(time.perf_counter() - began)

    return watched


def kind_of(update: object) -> str:
    """What an update holds, by the Bot API's name for it; `unknown` for what the bot cannot read."""
    if not isinstance(update, Update):
        return "unknown"
    return next((kind for kind in Update.ALL_TYPES if getattr(update, kind, None) is not None), "unknown")
