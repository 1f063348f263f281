"""What a bot does by itself goes on whatever one time of it meets."""

import asyncio

import pytest
from sqlalchemy.exc import OperationalError

from bot.jobs.ticking import repeating, ticking


class _Tick:
    """Fails at first as a database that is locked does, then as a mistake of ours does, then not."""

    def __init__(self) -> None:
        self.times = 0
        self.thrice = asyncio.Event()

    async def __call__(self) -> None:
        self.times += 1
        if self.times == 1:
            raise OperationalError("UPDATE", {}, Exception("database is locked"))
        if self.times == 2:
            raise ZeroDivisionError
        self.thrice.set()


async def test_faults_are_logged_and_it_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    tick = _Tick()
    async with repeating(0, champion=tick):
        await tick.thrice.wait()
    assert "champion: OperationalError; it is tried again" in caplog.text
    assert "champion failed" in caplog.text
    assert caplog.text.count("Traceback") == 1


async def test_it_ends_with_its_block() -> None:
    tick = _Tick()
    async with repeating(0, champion=tick):
        await tick.thrice.wait()
    times = tick.times
    await asyncio.sleep(0)
    assert tick.times == times


async def test_the_first_tick_by_the_clock_comes_at_once() -> None:
    came = asyncio.Event()

    async def tick() -> None:
        came.set()

    async with ticking(3600, schedule=tick):
        await came.wait()
