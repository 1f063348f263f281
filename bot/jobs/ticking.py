"""What a bot does by itself, again and again: by the clock (APScheduler, its jobs in memory), or in the background.

What is due, done or missed stands in the database; a tick only looks there. So nothing is lost with the process, and
several bots may tick at once.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy.exc import SQLAlchemyError
from telegram.error import TelegramError

Tick = Callable[[], Awaitable[object]]

_log = logging.getLogger(__name__)


@asynccontextmanager
async def ticking(every_s: float, **ticks: Tick) -> AsyncIterator[None]:
    """Call each of `ticks` every so many seconds by the clock, at once first, until the block ends.

    One that is still at work is not begun beside itself, and those missed while the machine slept come as one.
    """
    # It would say of every tick that it was done, and of a slow one that the next is left out.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    scheduler = AsyncIOScheduler(timezone=UTC)
    for name, tick in ticks.items():
        scheduler.add_job(
            _ending_quietly(guarded(name, tick)),
            IntervalTrigger(seconds=max(1, round(every_s))),
            name=name,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
            next_run_time=datetime.now(UTC),
        )
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=False)


@asynccontextmanager
async def repeating(every_s: float, **ticks: Tick) -> AsyncIterator[None]:
    """Call each of `ticks` with so many seconds between two calls, whatever the clock says, until the block ends."""
    tasks = [asyncio.create_task(_repeat(every_s, guarded(name, tick)), name=name) for name, tick in ticks.items()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def guarded(name: str, tick: Tick) -> Callable[[], Awaitable[None]]:
    """`tick`, whose faults are logged: the next one comes all the same."""

    async def run() -> None:
        try:
            await tick()
        # A database or a server that is away for a moment is no fault of ours: one line.
        except (SQLAlchemyError, TelegramError) as error:
            _log.warning("%s: %s; it is tried again", name, type(error).__name__)
        except Exception:  # noqa: BLE001 one tick that fails must not end all that follow
            _log.exception("%s failed", name)

    return run


def _ending_quietly(run: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """`run`, which the end of the bot may cancel: APScheduler would log that as a fault."""

    async def quietly() -> None:
        with suppress(asyncio.CancelledError):
            await run()

    return quietly


async def _repeat(every_s: float, tick: Callable[[], Awaitable[None]]) -> None:
    while True:
        await tick()
        await asyncio.sleep(every_s)
