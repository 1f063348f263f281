"""Turns at something scarce: readers wait in turn, not in the order in which they asked, and not without end."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.errors import BusyError


class Turns:
    """Some places; who finds none waits. A reader who asks for much waits behind each who asks for little."""

    def __init__(self, places: int, most_waiting: int, most_of_one: int) -> None:
        """`most_waiting` wait at once, `most_of_one` of them for the same reader."""
        self._free = places
        self._most, self._most_of_one = most_waiting, most_of_one
        self._queues: OrderedDict[int | None, deque[asyncio.Future[None]]] = OrderedDict()

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return sum(map(len, self._queues.values()))

    @asynccontextmanager
    async def turn(self, reader: int | None) -> AsyncIterator[None]:
        """Wait for a place and hold it; raises `BusyError` if too many wait already.

        None stands for the bot itself, which is never too many.
        """
        await self._enter(reader)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, reader: int | None) -> None:
        if self._free:
            self._free -= 1
            return
        queue = self._queues.get(reader, deque())
        if reader is not None and (self.waiting >= self._most or len(queue) >= self._most_of_one):
            raise BusyError
        place = asyncio.get_running_loop().create_future()
        queue.append(place)
        self._queues[reader] = queue
        try:
            await place
        except asyncio.CancelledError:
            self._give_up(reader, place)
            raise

    def _leave(self) -> None:
        """Hand the place to the next reader; the others of theirs go to the end of the line."""
        while self._queues:
            reader, queue = self._queues.popitem(last=False)
            place = queue.popleft()
            if queue:
                self._queues[reader] = queue
            # One that was cancelled a moment ago still stands in line.
            if not place.done():
                place.set_result(None)
                return
        self._free += 1

    def _give_up(self, reader: int | None, place: "asyncio.Future[None]") -> None:
        if not place.cancelled():
            # It was handed the place in the same breath.
            self._leave()
            return
        queue = self._queues.get(reader, deque())
        if place in queue:
            queue.remove(place)
        if not queue:
            self._queues.pop(reader, None)
