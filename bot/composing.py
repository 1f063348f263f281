"""Composing off the event loop: a poem is some 50 ms of arithmetic, and the bot listens meanwhile."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from poetcore.generation import ComposeRequest, Poem


class Composes(Protocol):
    """What the bot needs of a poet."""

    @property
    def version(self) -> str:
        """Which poet it is."""

    def compose(self, request: ComposeRequest) -> Poem:
        """Write a poem; raises `RequestError` if nothing can be made of the request."""


class Composer:
    """A poet and the threads it works in."""

    def __init__(self, poet: Composes, threads: int = os.cpu_count() or 1) -> None:
        self._poet = poet
        # numpy lets go of the interpreter in its matrix products; more threads than cores only share them.
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="composer")

    async def compose(self, request: ComposeRequest) -> Poem:
        """Write a poem; raises `RequestError` if nothing can be made of the request."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._poet.compose, request)

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
