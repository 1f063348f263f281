"""Many updates at once, but those of one chat one after the other."""

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any, Final
from weakref import WeakValueDictionary

from telegram import Update
from telegram.ext import BaseUpdateProcessor

_AT_WORK: Final = 64
_WAITING: Final = 100_000


class OrderedByChat(BaseUpdateProcessor):
    """Processes updates concurrently, each chat's in the order of their arrival.

    The bound counts the updates that are being worked on, not those that wait for their chat: a flooded chat holds up
    nobody but itself.
    """

    __slots__ = ("_begun", "_locks", "_places")

    def __init__(self, at_work: int = _AT_WORK) -> None:
        super().__init__(_WAITING)
        self._places = asyncio.Semaphore(at_work)
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._begun: set[asyncio.Task[Any] | None] = set()

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Await `coroutine` when the chat's earlier updates are done and a place is free."""
        task = asyncio.current_task()
        self._begun.add(task)
        try:
            async with self._lock_of(update), self._places:
                await coroutine
        finally:
            self._begun.discard(task)
            # One that was given up before its turn came would complain that nobody awaited it.
            if isinstance(coroutine, Coroutine):
                coroutine.close()

    async def initialize(self) -> None:
        """Nothing is to be prepared."""

    async def shutdown(self) -> None:
        """Give up what is not done yet: it would go on with an application that is no more."""
        tasks = [task for task in self._begun if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _lock_of(self, update: object) -> asyncio.Lock:
        key = _chat_or_reader(update)
        if key is None:
            return asyncio.Lock()
        # Whoever holds or awaits a lock keeps it alive; the last one to leave lets it go.
        return self._locks.setdefault(key, asyncio.Lock())


def _chat_or_reader(update: object) -> int | None:
    """A private chat has its reader's id, so a button pressed outside of any chat is in order with it."""
    if not isinstance(update, Update):
        return None
    if update.effective_chat is not None:
        return update.effective_chat.id
    return update.effective_user.id if update.effective_user is not None else None
