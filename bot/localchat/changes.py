"""Waiting for the state to change: long polls, the page's event streams and tests all wait here."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.localchat.messages import Event

QUEUE_LIMIT = 1000
"""Events that a page may be behind; one that reads no more is cut off and starts anew with a snapshot."""


class Changes:
    """A bell that wakes whoever waits. Belongs to one event loop; ring it from that loop's thread."""

    def __init__(self) -> None:
        self._bell = asyncio.Event()
        self._pages: dict[asyncio.Queue[Event | None], int] = {}
        self.closed = False

    def open(self) -> None:
        self.closed = False

    def close(self) -> None:
        """The server stops: every wait ends and every event stream with it."""
        self.closed = True
        for queue in list(self._pages):
            self._cut_off(queue)
        self.ring()

    def ring(self) -> None:
        bell, self._bell = self._bell, asyncio.Event()
        bell.set()

    def tell(self, event: Event) -> None:
        """Pass an event to the pages that show its chat, and ring."""
        for queue, chat_id in list(self._pages.items()):
            if event.chat_id not in (None, chat_id):
                continue
            if queue.qsize() >= QUEUE_LIMIT:
                self._cut_off(queue)
            else:
                queue.put_nowait(event)
        self.ring()

    async def wait(self, seconds: float) -> None:
        """Until the next ring, at most so many seconds."""
        bell = self._bell
        try:
            await asyncio.wait_for(bell.wait(), seconds)
        except TimeoutError:
            return

    async def until(self, predicate: Callable[[], bool], seconds: float) -> bool:
        """Wait until the predicate holds; False when the time is up or the server stops first."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while not predicate():
            remaining = deadline - loop.time()
            if remaining <= 0 or self.closed:
                return False
            # A predicate may look at more than this server (a database), so it is asked without a ring, too.
            await self.wait(min(remaining, 0.05))
        return True

    @contextmanager
    def page(self, chat_id: int) -> Iterator[asyncio.Queue[Event | None]]:
        """The events of one chat as they happen; None ends them."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self._pages[queue] = chat_id
        try:
            yield queue
        finally:
            self._pages.pop(queue, None)

    def _cut_off(self, queue: asyncio.Queue[Event | None]) -> None:
        del self._pages[queue]
        queue.put_nowait(None)
