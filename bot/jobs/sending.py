"""Sends what the ledger holds: a little at a time, each message at its turn, until nothing is left.

Any number of processes on one database do this at once. Everything that must survive is in the ledger; what is in
memory here is what this process has in hand now.
"""

import asyncio
import logging
import random
import secrets
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.jobs.outcomes import Verdict, growing_wait, verdict_on
from bot.pacing import Pacer, at_once
from bot.storage import Database, broadcasts, ledger
from bot.storage.broadcasts import Progress
from bot.storage.ledger import Asking, Claim, InHand, Prepared, Upcoming
from bot.storage.settling import Outcome, Settled, settle
from bot.storage.subscriptions import skip_late

# How long a turn's worth of messages takes to go out: what a kill leaves in doubt, and how often the ledger is written.
_TURN_S: Final = 0.06
_BETWEEN_TURNS_S: Final = 0.03
# In hand at once, with a second's answers outstanding at thirty a second.
_IN_HAND: Final = 48
_IDLE_S: Final = 2.0
_REPORT_EVERY: Final = timedelta(seconds=4)
_LOOK_FOR_DEAD_S: Final = 5.0
# How often it looks for daily poems, and whether anything is finished, while messages flow.
_LOOK_S: Final = 0.25
# How long the last answers are waited for at the end.
_GRACE_S: Final = 5.0

_log = logging.getLogger(__name__)


class Delivers(Protocol):
    """What sends one message, and writes what is not written yet."""

    async def prepare(self, upcoming: Sequence[Upcoming]) -> Sequence[Prepared]:
        """Write the poems of these deliveries; nothing is claimed before."""

    async def send(self, delivery: InHand) -> int | None:
        """Send one; the message's id, if the server says it. Raises whatever sending raises."""

    async def report(self, progress: Progress) -> None:
        """Show an administrator how far their broadcast is."""

    async def close(self) -> None:
        """Nothing more is sent."""


class Broadcaster:
    """One process's share of the sending."""

    def __init__(
        self, database: Database, delivers: Delivers, pacer: Pacer, clock: Callable[[], float] = time.time
    ) -> None:
        self.id = secrets.token_hex(16)
        self._database = database
        self._delivers = delivers
        self._pacer = pacer
        self._clock = clock
        self._in_hand: dict[int, asyncio.Task[None]] = {}
        self._verdicts: list[Verdict] = []
        self._wake = asyncio.Event()
        self._answers_told = 0
        self._failures = 0
        self._unwritten = 0
        self._offline_until = 0.0
        self._paused_until = 0.0
        self._next_look = 0.0
        self._next_look_for_dead = 0.0
        self._look_for_poems_at = 0.0
        self._anything_open = False

    def wake(self) -> None:
        """There is something new to send: do not wait for the next look."""
        self._next_look = self._look_for_poems_at = 0.0
        self._wake.set()

    @property
    def paused(self) -> bool:
        """Whether the server asked for a pause that is not over."""
        return self._clock() < self._paused_until

    async def run(self) -> None:
        """Send for ever."""
        failures = 0
        while True:
            try:
                rest = await self.turn()
                failures = 0
            except SQLAlchemyError as error:
                rest = growing_wait(failures, random.random())  # noqa: S311 no secret
                failures += 1
                _log.warning("the ledger: %s; trying again in %.1f s", type(error).__name__, rest)
            except Exception:  # noqa: BLE001 without this task no daily poem and no broadcast goes out any more
                rest = growing_wait(failures, random.random())  # noqa: S311 no secret
                failures += 1
                _log.exception("sending; trying again in %.1f s", rest)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), rest)
            self._wake.clear()

    async def turn(self) -> float:
        """Write down what was sent, take more in hand, look after what is open; seconds until the next turn."""
        now = self._clock()
        prepared = await self._prepare(now)
        claim = await self._settle_and_claim(prepared)
        for delivery in claim.deliveries:
            self._in_hand[delivery.delivery_id] = asyncio.create_task(self._send(delivery, claim.start))
        if now >= self._next_look:
            self._next_look = now + _LOOK_S
            await self._look_for_the_dead(now)
            self._anything_open = await self._look_after_open_ones()
        if claim.start > now + _TURN_S:
            # So early that the first of the next ones is claimed when its time comes.
            return min(claim.start - now - _TURN_S, _LOOK_S)
        if claim.deliveries or prepared or self._verdicts or not self._next_look:
            return _BETWEEN_TURNS_S
        return _LOOK_S if self._anything_open or self._in_hand else _IDLE_S

    async def finish(self) -> None:
        """Wait for the answers to what is in hand, write them down, and leave."""
        if self._in_hand:
            await asyncio.wait(self._in_hand.values(), timeout=_GRACE_S)
        for task in self._in_hand.values():
            task.cancel()
        await asyncio.gather(*self._in_hand.values(), return_exceptions=True)
        verdicts = tuple(self._verdicts)
        with suppress(SQLAlchemyError):
            await self._database.run(lambda session: self._settle(session, verdicts))
            await self._database.run(lambda session: ledger.leave(session, self.id))
        await self._delivers.close()

    async def _prepare(self, now: float) -> Sequence[Prepared]:
        most = self._most()
        if most <= 0 or now < max(self._offline_until, self._look_for_poems_at):
            return ()
        at = _moment(now)
        waiting = await self._database.run(lambda session: skip_late(session, ledger.upcoming(session, at, most), at))
        if not waiting:
            self._look_for_poems_at = now + _LOOK_S
            return ()
        try:
            prepared = await self._delivers.prepare(waiting)
        except Exception:  # noqa: BLE001 no poem can be written; messages, which need none, go on
            wait = growing_wait(self._unwritten, random.random())  # noqa: S311 no secret
            self._unwritten += 1
            self._look_for_poems_at = now + wait
            _log.exception("daily poems cannot be written; trying again in %.1f s", wait)
            return ()
        self._unwritten = 0
        return prepared

    async def _settle_and_claim(self, prepared: Sequence[Prepared]) -> Claim:
        answers, verdicts, room = self._pacer.answers, tuple(self._verdicts), self._room()

        def work(session: Session) -> Claim:
            now = self._settle(session, verdicts)
            if room <= 0 or now.timestamp() < self._offline_until:
                return Claim((), self._offline_until)
            asking = Asking(self.id, now, self._pacer.limit, room, answers - self._answers_told, ahead=_TURN_S)
            return ledger.claim(session, asking, prepared)

        claim = await self._database.run(work)
        self._answers_told = answers
        # Only now: had the transaction failed, they would have to be written again.
        del self._verdicts[: len(verdicts)]
        return claim

    def _settle(self, session: Session, verdicts: Sequence[Verdict]) -> datetime:
        now = _moment(self._clock())
        settle(session, self.id, [verdict.settled for verdict in verdicts], now)
        if self._paused_until > now.timestamp():
            ledger.pause_sending(session, self._paused_until)
        if self._in_hand:
            ledger.keep_lease(session, self.id, now)
        return now

    def _most(self) -> int:
        """How many poems are to be written for the next turn."""
        return min(at_once(self._pacer.limit, _TURN_S), self._room())

    def _room(self) -> int:
        """How many more this process can take in hand now."""
        return _IN_HAND + at_once(self._pacer.limit, 2 * _TURN_S) - len(self._in_hand)

    async def _send(self, delivery: InHand, start: float) -> None:
        try:
            self._note(await self._verdict(delivery, start))
        finally:
            del self._in_hand[delivery.delivery_id]
            if not self._in_hand:
                # Perhaps that was the last one.
                self.wake()

    async def _verdict(self, delivery: InHand, start: float) -> Verdict:
        await asyncio.sleep(max(0.0, start - self._clock()))
        if self.paused:
            # Another one was told to wait while this one waited for its turn.
            return Verdict(Settled(delivery.delivery_id, delivery.chat_id, Outcome.AGAIN, counted=False))
        try:
            message_id = await self._delivers.send(delivery)
        except Exception as error:  # noqa: BLE001 whatever it is, the ledger must hear of it
            return verdict_on(delivery, error, random.random())  # noqa: S311 no secret
        return Verdict(Settled(delivery.delivery_id, delivery.chat_id, Outcome.SENT, message_id))

    def _note(self, verdict: Verdict) -> None:
        self._verdicts.append(verdict)
        settled = verdict.settled
        if settled.outcome is Outcome.SENT:
            self._failures = 0
        if settled.outcome is Outcome.UNKNOWN:
            _log.warning("delivery %d: %s; whether it arrived is unknown", settled.delivery_id, settled.reason)
        if verdict.offline:
            self._go_offline(settled.reason or "")
        if verdict.pause > 0:
            self._paused_until = max(self._paused_until, self._clock() + verdict.pause)
            # The other processes are to hear of it at once.
            self._wake.set()

    def _go_offline(self, reason: str) -> None:
        now = self._clock()
        if now < self._offline_until:
            return
        wait = growing_wait(self._failures, random.random())  # noqa: S311 no secret
        self._failures += 1
        self._offline_until = now + wait
        _log.warning("broadcasts: %s; trying again in %.1f s", reason, wait)

    async def _look_for_the_dead(self, now: float) -> None:
        if now < self._next_look_for_dead:
            return
        self._next_look_for_dead = now + _LOOK_FOR_DEAD_S
        lost = await self._database.run(lambda session: ledger.recover(session, _moment(now)))
        if lost:
            _log.warning("a sender died; whether %d of its deliveries arrived is unknown", lost)

    async def _look_after_open_ones(self) -> bool:
        """Take down recipients, show progress, close what is finished; whether anything is open."""
        open_ones = await self._database.run(ledger.open_broadcasts)
        for broadcast_id, state, gathered in open_ones:
            await self._advance(broadcast_id, state, gathered=gathered)
        return bool(open_ones)

    async def _advance(self, broadcast_id: int, state: str, *, gathered: bool) -> None:
        at = _moment(self._clock())

        def work(session: Session) -> Progress | None:
            more = False
            if state == "running" and not gathered:
                more = broadcasts.gather(session, broadcast_id, at)
            if state == "cancelling":
                more = broadcasts.drop_page(session, broadcast_id, at)
            if more:
                # The next page in the next turn.
                self._next_look = 0.0
            ended = broadcasts.finish(session, broadcast_id, at)
            due = ended or broadcasts.report_due(session, broadcast_id, at, _REPORT_EVERY)
            return broadcasts.progress(session, broadcast_id) if due else None

        progress = await self._database.run(work)
        if progress is not None:
            await self._delivers.report(progress)


@asynccontextmanager
async def sending(broadcaster: Broadcaster) -> AsyncIterator[None]:
    """Send while the block runs; at its end what is in hand is finished."""
    task = asyncio.create_task(broadcaster.run(), name="broadcaster")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await broadcaster.finish()


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
