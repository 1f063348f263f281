"""Whose turn it is."""

import asyncio

import pytest

from bot.errors import BusyError
from bot.manners.turns import Turns


class Waiting:
    """Readers who ask for one place; each goes on when told."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.order: list[int | None] = []
        self.tasks: list[asyncio.Task[None]] = []
        self._go_on = asyncio.Semaphore(0)

    async def asks(self, *readers: int | None) -> None:
        """Each of them asks, and has its place or waits when this returns."""
        for reader in readers:
            self.tasks.append(asyncio.create_task(self._hold(reader)))
            await asyncio.sleep(0)

    async def all_go_on(self) -> None:
        """Let everyone have their turn."""
        for _ in self.tasks:
            self._go_on.release()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _hold(self, reader: int | None) -> None:
        async with self.turns.turn(reader):
            self.order.append(reader)
            await self._go_on.acquire()


async def test_who_asks_for_much_waits_behind_each_who_asks_for_little() -> None:
    waiting = Waiting(Turns(1, most_waiting=10, most_of_one=5))
    await waiting.asks(1, 1, 1, 1, 2, 3)
    assert waiting.turns.waiting == 5
    await waiting.all_go_on()
    assert waiting.order == [1, 1, 2, 3, 1, 1]
    assert waiting.turns.waiting == 0


async def test_too_many_are_sent_away_but_never_the_bot_itself() -> None:
    waiting = Waiting(Turns(1, most_waiting=3, most_of_one=2))
    await waiting.asks(1, 1, 1)
    with pytest.raises(BusyError):
        async with waiting.turns.turn(1):
            pass
    await waiting.asks(2)
    with pytest.raises(BusyError):
        async with waiting.turns.turn(3):
            pass
    await waiting.asks(None, None)
    assert waiting.turns.waiting == 5
    await waiting.all_go_on()
    assert waiting.order == [1, 1, 2, None, 1, None]


async def test_who_gives_up_leaves_their_place_to_the_others() -> None:
    waiting = Waiting(Turns(1, most_waiting=10, most_of_one=5))
    await waiting.asks(1, 2, 3, 2)
    waiting.tasks[1].cancel()
    await asyncio.sleep(0)
    assert waiting.turns.waiting == 2
    # The first goes, and the next gives up in the very moment in which it is handed the place.
    waiting.tasks[0].cancel()
    waiting.tasks[3].cancel()
    waiting.tasks[2].cancel()
    await asyncio.gather(*waiting.tasks, return_exceptions=True)
    await waiting.asks(4)
    assert waiting.order == [1, 4]
    assert waiting.turns.waiting == 0
    await waiting.all_go_on()
