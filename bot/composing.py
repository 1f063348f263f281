"""Composing off the event loop: a poem is some 50 ms of arithmetic, and the bot listens meanwhile."""

import asyncio
import os
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol

from bot.errors import UnwelcomeError
from bot.manners.turns import Turns
from bot.manners.words import is_unwelcome
from bot.watching.metrics import COMPOSING
from poetcore.generation import ComposeRequest, Poem

# Of one reader, from all their chats; the others would be told to wait for nothing.
_MOST_OF_ONE: Final = 4
_DURATIONS_KEPT: Final = 1_000


class Composes(Protocol):
    """What the bot needs of a poet."""

    @property
    def version(self) -> str:
        """Which poet it is."""

    def compose(self, request: ComposeRequest) -> Poem:
        """Write a poem; raises `RequestError` if nothing can be made of the request."""


class Composer:
    """A poet, the threads it works in, and whose turn it is."""

    def __init__(
        self,
        poet: Composes,
        threads: int = os.cpu_count() or 1,
        most_waiting: int = 48,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`most_waiting` poems wait for a thread, no more."""
        self._poet = poet
        # numpy lets go of the interpreter in its matrix products; more threads than cores only share them.
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="composer")
        self._turns = Turns(threads, most_waiting, _MOST_OF_ONE)
        self._clock = clock
        self.durations: deque[float] = deque(maxlen=_DURATIONS_KEPT)
        """Seconds from asking to having, waiting included, of the last poems."""

    async def compose(self, request: ComposeRequest, reader: int | None = None) -> Poem:
        """Write a poem for a reader; None: for the bot itself, which is never turned away.

        Raises `RequestError` if nothing can be made of the request, `BusyError` if too many poems wait already, and
        `UnwelcomeError` for one that would insult somebody.
        """
        if any(map(is_unwelcome, (request.title, request.prefix, request.acrostic))):
            raise UnwelcomeError
        asked_at = self._clock()
        async with self._turns.turn(reader):
            poem = await asyncio.get_running_loop().run_in_executor(self._threads, self._poet.compose, request)
        self.durations.append(self._clock() - asked_at)
        COMPOSING.observe(self.durations[-1])
        if is_unwelcome("".join(line[0] for line in poem.lines)):
            raise UnwelcomeError
        return poem

    @property
    def waiting(self) -> int:
        """How many poems wait for a thread."""
        return self._turns.waiting

    @property
    def version(self) -> str:
        """Which poet writes now."""
        return self._poet.version

    def swap(self, poet: Composes) -> None:
        """Let `poet` write from the next request on; poems that are being written are the old poet's to the end."""
        self._poet = poet

    def close(self) -> None:
        """Wait for the poems that are being written."""
        self._threads.shutdown()
