"""The bot's life: start, announce, fetch updates until told to stop, finish what was begun."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from typing import Any, Final

from pydantic import SecretStr
from sqlalchemy.exc import SQLAlchemyError

from bot.api import greet, receive
from bot.application import build_application
from bot.composing import Composes
from bot.context import BotApplication, services_of
from bot.errors import BotError
from bot.handlers.listing import list_for_all
from bot.jobs.daily import daily_poems
from bot.jobs.learning import learning
from bot.jobs.sending import sending
from bot.localchat import LocalChatError, LocalTelegram
from bot.logs import configure_logging, style_of_a_service
from bot.settings import Settings
from bot.storage import Database
from bot.storage.database import unusable
from bot.storage.readers import forget_old_updates
from bot.watching.exposition import exposed
from bot.webhook.listening import listening

# How long handlers may finish after the signal to stop; a service manager kills after 90 s.
_GRACE_S: Final = 10.0

# A long poll ends after 25 s, one whose answer is lost after 45.
_FETCH_BELIEVED_S: Final = 90.0

Source = Callable[[BotApplication], AbstractAsyncContextManager["asyncio.Task[None]"]]
"""How updates come in: see `fetching`."""

FirstPoet = Callable[[], Composes]
"""Hands over the poet to begin with, once: what a frame here held would stay when another poet has taken over."""

_log = logging.getLogger(__name__)


def serve(
    settings: Settings, first: FirstPoet, database: Database, announce: Callable[[str], None], *, webhook: bool = False
) -> None:
    """Run until SIGINT or SIGTERM; `announce` gets one line when the bot is ready.

    Raises `BotError` when it cannot start, or when Telegram takes the token back.
    """
    try:
        database.transact(forget_old_updates)
    except SQLAlchemyError as error:
        raise unusable(database.url, error) from error
    source = listening if webhook else fetching
    asyncio.run(_until_stopped(_serve(settings, first, database, source, announce)))


@asynccontextmanager
async def fetching(application: BotApplication) -> AsyncIterator["asyncio.Task[None]"]:
    """Fetch updates into the inbox until the block ends; yields the task that does it, which never ends well."""
    services = services_of(application)

    async def keep(updates: Sequence[dict[str, Any]]) -> None:
        await services.inbox.put(updates)
        services.health.receives(_FETCH_BELIEVED_S)

    task = asyncio.create_task(receive(application.bot, keep))
    try:
        yield task
    finally:
        services.health.stops()
        await _cancel(task)


@asynccontextmanager
async def running(application: BotApplication, source: Source = fetching) -> AsyncIterator["asyncio.Task[None]"]:
    """The application answering the updates of `source`; yields the task that receives them, which never ends well."""
    async with AsyncExitStack() as stack:
        stack.callback(services_of(application).composer.close)
        stack.push_async_callback(application.bot.shutdown)
        await greet(application.bot)
        await application.initialize()
        stack.push_async_callback(application.shutdown)
        await application.start()
        inbox = services_of(application).inbox
        stack.push_async_callback(inbox.leave)
        stack.push_async_callback(_finish, application)
        listing = asyncio.create_task(list_for_all(application.bot, services_of(application)))
        stack.push_async_callback(_cancel, listing)
        broadcaster, database = services_of(application).broadcaster, services_of(application).database
        await stack.enter_async_context(sending(broadcaster))
        await stack.enter_async_context(daily_poems(database, broadcaster.wake))
        await stack.enter_async_context(learning(application))
        await stack.enter_async_context(inbox.open())
        yield await stack.enter_async_context(source(application))


async def _serve(
    settings: Settings, first: FirstPoet, database: Database, source: Source, announce: Callable[[str], None]
) -> None:
    async with AsyncExitStack() as stack:
        page = None
        if settings.telegram_bot_token is None:
            settings, page = await stack.enter_async_context(_local_telegram(settings))
        application = build_application(settings, first(), database)
        await stack.enter_async_context(exposed(settings, services_of(application)))
        receiving = await stack.enter_async_context(running(application, source))
        announce(f"open {page} and type /poem 月" if page else f"@{application.bot.username} is listening")
        await receiving


@asynccontextmanager
async def _local_telegram(settings: Settings) -> AsyncIterator[tuple[Settings, str]]:
    """The local chat, settings that lead to it, and the address of its page."""
    server = LocalTelegram(port=settings.port)
    configure_logging((*settings.secrets, server.token), style=style_of_a_service(settings.log))
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(server.running())
        except LocalChatError as error:
            raise BotError(f"{error} (YUEXIA_PORT)") from error
        address = {"telegram_bot_token": SecretStr(server.token), "telegram_base_url": server.base_url}
        yield settings.model_copy(update=address), server.page_url


async def _finish(application: BotApplication) -> None:
    try:
        async with asyncio.timeout(_GRACE_S):
            await application.stop()
    except TimeoutError:
        _log.warning("stopped before every answer was sent")
        await application.update_processor.shutdown()


async def _cancel(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError, BotError):
        await task


async def _until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Run `work`; on a signal to stop, cancel it once, and wait for what it finishes then."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    working.cancel()
    with suppress(asyncio.CancelledError):
        await working
