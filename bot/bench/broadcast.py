"""A broadcast under fire: the bot in a process of its own, which is killed, against a Telegram that fails.

What went out is counted by the server, not by the sender; then the ledger is held against it.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import URL, func, insert, select
from sqlalchemy.orm import Session

from bot.bench.process import BotProcess
from bot.errors import BotError
from bot.localchat import FaultMix, LocalTelegram, Sink
from bot.localchat.sink import FIRST_CHAT
from bot.storage import Database
from bot.storage.models import Broadcast, Chat, Delivery
from bot.storage.schema import upgrade

_ADMIN: Final = 1
_FIRST_READER: Final = 10
_PAGE: Final = 10_000
# One reader asks for a poem this often.
_POEM_EVERY_S: Final = 1.0
_LOOK_S: Final = 0.2
# Nothing new for so long: it is stuck.
_STUCK_S: Final = 120.0


@dataclass(frozen=True)
class Plan:
    """What is measured, and under which fire."""

    chats: int
    limit: float
    """Messages a second that the bot may send."""
    kills: int = 3
    mix: FaultMix = field(default_factory=FaultMix)
    timeout: float = 5.0
    """Seconds for which the bot waits for an answer."""
    home: Path | None = None
    """Where the bot keeps its data, and what it said; None: a folder that is removed afterwards."""


@dataclass(frozen=True)
class Report:
    """What came of it. Keys of `poetbot bench broadcast --json`."""

    chats: int
    sent: int
    """Deliveries that the ledger calls sent."""
    doubles: int
    """Messages that a chat got beyond its first."""
    lost: int
    """Chats that got nothing, though the ledger does not call their delivery refused or unknown."""
    unknown: int
    limit_per_s: float
    rate_share: float | None
    """Requests a second while the sender was free to send, outside of pauses and outages, by the limit."""
    memory_growth_mb: float | None
    """The most that one process grew after its first five hundred messages; null where it cannot be read."""
    interactive_p95_s: float | None
    refused: int
    timeouts: int
    """Requests that the server left without an answer."""
    in_flight_at_kills: int
    most_in_a_second: int
    poems: int
    """Poems that were asked for meanwhile, and answered by a process that lived to do it."""
    seconds: float
    bot_cpu_ms: float
    """Processor time of the bot for a message, poems included: it does not depend on who else was at work here."""


async def measure(plan: Plan, say: Callable[[str], None]) -> Report:
    """Run it; `say` hears a line now and then. Raises `BotError` when the bot does not start or gets stuck."""
    with tempfile.TemporaryDirectory(prefix="yuexia-bench-") as folder:
        home = plan.home or Path(folder)
        with Database(URL.create("sqlite", database=str(home / "yuexia.db"))) as database:
            upgrade(database)
            _add_chats(database, plan.chats)
            server, sink = LocalTelegram(), Sink(plan.chats, plan.mix)
            server.add_sink(sink)
            async with server.running():
                return await _Run(plan, home, database, server, sink, say).measure()


class _Run:
    """One measurement: the bot's process, its readers, its killer."""

    def __init__(
        self, plan: Plan, home: Path, database: Database, server: LocalTelegram, sink: Sink, say: Callable[[str], None]
    ) -> None:
        self._plan = plan
        self._home = home
        self._database = database
        self._server = server
        self._sink = sink
        self._say = say
        self._latencies: list[float] = []
        self._growth: float | None = None
        self._in_flight = 0
        self._cpu = 0.0
        self._bot: BotProcess | None = None

    async def measure(self) -> Report:
        began = time.monotonic()
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._end_bot)
            await self._start_bot()
            await self._order()
            await stack.enter_async_context(_in_background(self._read_poems()))
            for kill in range(1, self._plan.kills + 1):
                await self._until_requests(self._plan.chats * kill // (self._plan.kills + 1))
                await self._kill()
            await self._until_done()
        return self._report(time.monotonic() - began)

    async def _order(self) -> None:
        """The administrator writes, and confirms."""
        server = self._server
        server.user_sends("/broadcast 今夜月明人盡望，不知秋思落誰家。", _ADMIN)
        await server.wait_until(lambda: any(one.from_bot for one in server.messages(_ADMIN)), 60)
        preview = next(one for one in server.messages(_ADMIN) if one.from_bot)
        server.user_presses(preview.message_id, preview.keyboard[0][0].callback_data or "", _ADMIN)

    async def _start_bot(self) -> None:
        environment = {
            "TELEGRAM_BOT_TOKEN": self._server.token,
            "YUEXIA_TELEGRAM_BASE_URL": self._server.base_url,
            "YUEXIA_HOME": str(self._home),
            "YUEXIA_ADMINS": str(_ADMIN),
            "YUEXIA_SENDS_PER_SECOND": str(self._plan.limit),
            "YUEXIA_BROADCAST_TIMEOUT": str(self._plan.timeout),
        }
        self._bot = await BotProcess.start(environment, self._home)

    async def _end_bot(self) -> None:
        if self._bot is not None:
            self._note_costs(self._bot)
            await self._bot.stop()

    async def _kill(self) -> None:
        bot, self._bot = self._bot, None
        if bot is None:
            return
        self._note_costs(bot)
        await bot.kill()
        self._sink.paced.outage()
        in_flight = await self._database.run(_count_in_flight)
        self._in_flight += in_flight
        self._say(f"killed after {self._sink.requests:,} requests with {in_flight} in flight")
        await self._start_bot()

    async def _until_requests(self, count: int) -> None:
        await self._until(lambda: self._sink.requests >= count)

    async def _until_done(self) -> None:
        while not await self._database.run(_is_done):
            more = self._sink.requests + 1
            with suppress(TimeoutError):
                await asyncio.wait_for(self._until_requests(more), 1.0)
            await asyncio.sleep(_LOOK_S)

    async def _until(self, holds: Callable[[], bool]) -> None:
        last, changed = -1, time.monotonic()
        while not holds():
            if self._bot is not None:
                self._bot.look_at_memory(self._sink.requests)
            if self._sink.requests != last:
                last, changed = self._sink.requests, time.monotonic()
            if time.monotonic() - changed > _STUCK_S:
                raise BotError(f"the broadcast is stuck at {last:,} requests; look at {self._home / 'bot.log'}")
            await asyncio.sleep(_LOOK_S)

    def _note_costs(self, bot: BotProcess) -> None:
        self._cpu += bot.cpu_seconds
        bot.look_at_memory(self._sink.requests)
        if bot.growth_mb is not None:
            self._growth = max(self._growth or 0.0, bot.growth_mb)

    async def _read_poems(self) -> None:
        """A reader after the other asks for a poem, all the while; how long each waited for it."""
        reader = _FIRST_READER
        while True:
            bot, asked = self._bot, time.monotonic()
            if bot is not None:
                reader += 1
                self._server.user_sends("/poem 月", reader)
                await self._answer(bot, reader)
                # A poem that a kill cut off is no measure of how quick the bot is.
                if bot is self._bot:
                    self._latencies.append(time.monotonic() - asked)
            await asyncio.sleep(max(0.0, _POEM_EVERY_S - (time.monotonic() - asked)))

    async def _answer(self, bot: BotProcess, reader: int) -> None:
        messages = self._server.messages
        while bot is self._bot and not any(one.from_bot for one in messages(reader)):
            await asyncio.sleep(0.005)

    def _report(self, seconds: float) -> Report:
        sink, received = self._sink, self._sink.received
        states = _states(self._database)
        counts = {state: sum(1 for known in states if known == state) for state in set(states)}
        lost = sum(1 for chat, state in enumerate(states) if not received[chat] and state not in ("failed", "unknown"))
        paced = sink.paced
        share = paced.requests / paced.seconds / self._plan.limit if paced.seconds > 0 else None
        return Report(
            chats=self._plan.chats,
            sent=counts.get("sent", 0),
            doubles=sum(count - 1 for count in received if count > 1),
            lost=lost,
            unknown=counts.get("unknown", 0),
            limit_per_s=self._plan.limit,
            rate_share=_rounded(share),
            memory_growth_mb=_rounded(self._growth),
            interactive_p95_s=_rounded(_p95(self._latencies)),
            refused=counts.get("failed", 0),
            timeouts=sink.struck_timeouts,
            in_flight_at_kills=self._in_flight,
            most_in_a_second=paced.most_in_a_second,
            poems=len(self._latencies),
            seconds=round(seconds, 1),
            bot_cpu_ms=round(1000 * self._cpu / max(1, sink.requests), 2),
        )


def _add_chats(database: Database, chats: int) -> None:
    at = datetime.now(UTC) - timedelta(days=1)
    for start in range(0, chats, _PAGE):
        ids = range(FIRST_CHAT + start, FIRST_CHAT + min(start + _PAGE, chats))
        rows = [{"id": chat, "kind": "private", "created_at": at, "seen_at": at} for chat in ids]
        with database.engine.begin() as connection:
            connection.execute(insert(Chat), rows)


def _states(database: Database) -> list[str]:
    """The state of each chat's delivery, by chat; `none` where there is none."""
    states = ["none"] * database.transact(
        lambda session: session.scalar(select(func.count(Chat.id)).where(Chat.id >= FIRST_CHAT)) or 0
    )
    with database.engine.begin() as connection:
        for chat_id, state in connection.execute(select(Delivery.chat_id, Delivery.state)):
            if chat_id >= FIRST_CHAT:
                states[chat_id - FIRST_CHAT] = state
    return states


def _count_in_flight(session: Session) -> int:
    return session.scalar(select(func.count(Delivery.id)).where(Delivery.state == "sending")) or 0


def _is_done(session: Session) -> bool:
    return session.scalar(select(Broadcast.state)) == "done"


def _p95(latencies: list[float]) -> float | None:
    return sorted(latencies)[int(0.95 * (len(latencies) - 1))] if latencies else None


def _rounded(value: float | None) -> float | None:
    return round(value, 3) if value is not None else None


@asynccontextmanager
async def _in_background(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
