"""From Telegram to the handlers: an update is kept before Telegram hears that it arrived, then handled in its turn.

Whoever receives updates, by long poll or by webhook, gives them to `Inbox.put` and confirms them to Telegram when that
returns. What waits is taken in hand as there is room, one of each chat at a time, and handed to the application.
"""

import asyncio
import json
import logging
import random
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from telegram import Bot, Update
from telegram.ext import BaseUpdateProcessor

from bot.storage import Database, inbox
from bot.storage.database import takes_no_writes
from bot.storage.inbox import Incoming, Turn
from bot.storage.models import now
from bot.storage.readers import forget_old_updates
from bot.text import fits, well_formed

Json = dict[str, Any]

# How many updates a process has in hand at most. Most of them wait for Telegram or for the composer.
_ROOM: Final = 64
# How often the lease is renewed, and whether others left something behind is looked at.
_LOOK_S: Final = 2.0
_LONGEST_WAIT_S: Final = 10.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Arrival:
    """Updates that came together, and the future of whoever waits until they are kept."""

    updates: tuple[Incoming, ...]
    kept: "asyncio.Future[None]"


class Inbox:
    """One process's hand in the inbox of `bot`; `handle` gets each update when its turn comes.

    All of it belongs to one event loop.
    """

    def __init__(self, database: Database, bot: Bot, handle: Callable[[Update], object], room: int = _ROOM) -> None:
        self.id = secrets.token_hex(16)
        self._database = database
        self._bot = bot
        self._handle = handle
        self._room = room
        self._arrivals: list[_Arrival] = []
        self._in_hand: set[int] = set()
        self._handled: set[int] = set()
        self._wake = asyncio.Event()
        self._next_look = 0.0
        self._failures = 0

    async def put(self, updates: Sequence[Json]) -> None:
        """Keep updates, each as the Bot API has it; when this returns they are committed and may be confirmed.

        One that is here already is passed over, and so is one with an id that Telegram does not give. Raises
        `ValueError` for what is no update, and `SQLAlchemyError` when the database cannot keep them now (it is locked,
        or gone): then Telegram must not hear that they arrived. A full database does not raise: readers are to hear
        that something went wrong, rather than nothing.
        """
        incoming = tuple(one for one in map(_incoming, updates) if fits(one.update_id))
        if not incoming:
            return
        arrival = _Arrival(incoming, asyncio.get_running_loop().create_future())
        self._arrivals.append(arrival)
        self._wake.set()
        await arrival.kept

    def handled(self, update_id: int) -> None:
        """The handling of an update that was in hand has ended."""
        self._in_hand.discard(update_id)
        self._handled.add(update_id)
        self._wake.set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """While the block runs, keep what is put and hand over what waits."""
        task = asyncio.create_task(self._run(), name="inbox")
        self._wake.set()
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def leave(self) -> None:
        """Write down what was handled, and let others have the rest."""
        last = replace(self._turn(()), room=0, in_hand=False)

        def work(session: Session) -> None:
            inbox.take_turn(session, last)
            inbox.let_go(session, self.id)

        try:
            await self._database.run(work)
        except SQLAlchemyError as error:
            # The others find it when the lease has run out.
            _log.warning("the inbox: %s", type(error).__name__)

    async def _run(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    await self._wake.wait()
            self._wake.clear()
            arrivals, self._arrivals = self._arrivals, []
            try:
                await self._look_around()
                await self._take_turn(arrivals)
                self._failures = 0
            # Whatever it is: without this task nothing is received any more.
            except Exception as error:  # noqa: BLE001
                if not isinstance(error, SQLAlchemyError):
                    _log.exception("the inbox")
                await self._after_failure(error, arrivals)

    async def _look_around(self) -> None:
        time = asyncio.get_running_loop().time()
        if time < self._next_look:
            return
        freed = await self._database.run(_tidy)
        self._next_look = time + _LOOK_S
        if freed:
            _log.warning("a process died; %d updates that it had not begun are taken over", freed)

    async def _take_turn(self, arrivals: Sequence[_Arrival]) -> None:
        turn = self._turn(arrivals)
        taken = await self._database.run(partial(inbox.take_turn, turn=turn))
        self._handled.difference_update(turn.handled)
        for arrival in arrivals:
            arrival.kept.set_result(None)
        for update_id, content in taken:
            self._in_hand.add(update_id)
            self._hand_over(update_id, content)

    def _turn(self, arrivals: Sequence[_Arrival]) -> Turn:
        return Turn(
            bot_id=self._bot.id,
            holder=self.id,
            at=now(),
            room=self._room - len(self._in_hand),
            incoming=[update for arrival in arrivals for update in arrival.updates],
            handled=tuple(self._handled),
            in_hand=bool(self._in_hand),
        )

    async def _after_failure(self, error: Exception, arrivals: Sequence[_Arrival]) -> None:
        hopeless = isinstance(error, SQLAlchemyError) and takes_no_writes(error)
        for arrival in arrivals:
            if arrival.kept.done():
                continue
            if not hopeless:
                arrival.kept.set_exception(error)
                continue
            arrival.kept.set_result(None)
            for update in arrival.updates:
                self._hand_over(update.update_id, update.content)
        wait = min(_LONGEST_WAIT_S, 0.25 * 2.0 ** min(self._failures, 10)) * random.uniform(0.5, 1.0)  # noqa: S311 no secret
        self._failures += 1
        _log.warning("the inbox: %s; trying again in %.1f s", type(error).__name__, wait)
        await asyncio.sleep(wait)
        self._wake.set()

    def _hand_over(self, update_id: int, content: str) -> None:
        try:
            update = Update.de_json(well_formed(json.loads(content, parse_int=_integer)), self._bot)
        except Exception as error:  # noqa: BLE001 a field may be anything, and so may what comes of it
            _log.warning("update %s cannot be read and is passed over: %s", update_id, type(error).__name__)
            self.handled(update_id)
        else:
            self._handle(update)


class InTurn(BaseUpdateProcessor):
    """Handles all that the inbox hands over at once, and tells it what is done. How much that is, the inbox decides."""

    __slots__ = ("_begun", "_inbox")

    def __init__(self, inbox: Inbox) -> None:
        super().__init__(max_concurrent_updates=10_000)
        self._inbox = inbox
        self._begun: set[asyncio.Task[Any]] = set()

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Await `coroutine`. What is cancelled was not handled."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("updates are processed in tasks")
        self._begun.add(task)
        try:
            await coroutine
        finally:
            self._begun.discard(task)
            # One that was given up before it began would complain that nobody awaited it.
            if isinstance(coroutine, Coroutine):
                coroutine.close()
            if isinstance(update, Update) and not task.cancelling():
                self._inbox.handled(update.update_id)

    async def initialize(self) -> None:
        """Nothing is to be prepared."""

    async def shutdown(self) -> None:
        """Give up what is not done yet: it would go on with an application that is no more."""
        tasks = tuple(self._begun)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _tidy(session: Session) -> int:
    """Forget what no server delivers again; let go of what dead processes had in hand, and say how much that is."""
    forget_old_updates(session)
    return inbox.recover(session, now())


def _incoming(update: Json) -> Incoming:
    """Raises `ValueError` for what has no id, which confirms it."""
    try:
        return Incoming(int(update["update_id"]), chat_key(update), json.dumps(update))
    except (KeyError, TypeError, ValueError, OverflowError):
        raise ValueError("an update without an id") from None


def chat_key(update: Json) -> int:
    """The chat of an update, or its reader; 0 if it has neither. A private chat has its reader's id."""
    for content in update.values():
        if not isinstance(content, dict):
            continue
        message = content.get("message")
        places = (content.get("chat"), message.get("chat") if isinstance(message, dict) else None, content.get("from"))
        for place in places:
            if isinstance(place, dict) and isinstance(place.get("id"), int) and fits(place["id"]):
                return int(place["id"])
    return 0


def _integer(digits: str) -> int:
    """Raises `ValueError` for a number that no database keeps; Telegram's have 52 bits at most."""
    number = int(digits)
    if not fits(number):
        raise ValueError("a number of more than 64 bits")
    return number
