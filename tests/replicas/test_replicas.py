"""Three bots behind a proxy on one PostgreSQL: what one of them does the others do not do again; one is killed."""

import asyncio
import json
import os
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Protocol

import httpx
import pytest
from sqlalchemy import URL, select
from sqlalchemy.orm import Session

from bot.localchat import LocalTelegram, Sink
from bot.localchat.sink import FIRST_CHAT
from bot.storage import Database
from bot.storage.models import (
    Base,
    Broadcast,
    Chat,
    Delivery,
    HandledUpdate,
    InboxUpdate,
    Poem,
    PoetVersion,
    Sender,
    SendingRate,
    Subscription,
    User,
    now,
)
from tests.replicas.balancer import balanced

ADMIN: Final = 1
CHATS: Final = 90
SUBSCRIBED: Final = 12
LIMIT: Final = 30
# Starting three programs at once takes a busy machine a while.
PATIENCE_S: Final = 120.0


class Postgres(Protocol):
    """What of the tests' cluster is needed here."""

    def database(self, pattern: str = "pattern") -> Any:
        """A new database with all tables."""


@pytest.fixture
def database(postgres: Postgres) -> Iterator[Database]:
    """A fresh database on PostgreSQL."""
    with postgres.database() as url, Database(url) as opened:
        yield opened


@dataclass
class Replica:
    """One bot in a process of its own."""

    process: asyncio.subprocess.Process
    port: int

    async def health(self) -> tuple[int, dict[str, Any]]:
        """What `/readyz` says."""
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"http://127.0.0.1:{self.port}/readyz")
            return answer.status_code, answer.json()

    async def end(self) -> int:
        """Tell it to stop; its exit status."""
        self.process.terminate()
        return await self.process.wait()

    async def kill(self) -> None:
        """End it as a power cut would, if it is still there."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


@asynccontextmanager
async def _replicas(
    telegram: LocalTelegram, url: URL, poet: Path, folder: Path, count: int = 3
) -> AsyncIterator[list[Replica]]:
    """So many bots, begun at the same moment, behind one address."""
    ports = _free_ports(count)
    async with AsyncExitStack() as stack:
        front = await stack.enter_async_context(balanced(ports))
        bare = {name: value for name, value in os.environ.items() if not name.startswith(("YUEXIA_", "TELEGRAM_"))}
        environment = {
            **bare,
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "TELEGRAM_BOT_TOKEN": telegram.token,
            "YUEXIA_TELEGRAM_BASE_URL": telegram.base_url,
            "YUEXIA_DATABASE_URL": url.render_as_string(hide_password=False),
            "YUEXIA_HOME": str(folder),
            "YUEXIA_POET": str(poet),
            "YUEXIA_ADMINS": str(ADMIN),
            "YUEXIA_SENDS_PER_SECOND": str(LIMIT),
            "YUEXIA_WEBHOOK_URL": f"http://127.0.0.1:{front}/updates",
        }
        begun = await asyncio.gather(*(_begun(environment, port, folder) for port in ports))
        for replica in begun:
            stack.push_async_callback(replica.kill)
        for replica in begun:
            assert replica.process.stdout is not None
            async with asyncio.timeout(PATIENCE_S):
                line = await replica.process.stdout.readline()
            assert line.decode() == "@yuexia_bot is listening\n", (folder / f"{replica.port}.log").read_text()
        yield begun


async def _begun(environment: dict[str, str], port: int, folder: Path) -> Replica:
    with (folder / f"{port}.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "error", "-c", "from bot.cli import app; app()", "run", "--webhook"),
            env={**environment, "YUEXIA_WEBHOOK_PORT": str(port)},
            cwd=folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
    return Replica(process, port)


def _seed(session: Session) -> None:
    """Chats that were there yesterday; some of them want a poem every day, and it is due."""
    yesterday = now() - timedelta(days=1)
    seen = {"created_at": yesterday, "seen_at": yesterday}
    ids = range(FIRST_CHAT, FIRST_CHAT + CHATS)
    session.add_all(Chat(id=chat, kind="private", **seen) for chat in ids)
    session.add_all(User(id=chat, language_code="zh", **seen) for chat in ids[:SUBSCRIBED])
    session.flush()
    due = now() - timedelta(minutes=1)
    session.add_all(
        Subscription(
            chat_id=chat,
            user_id=chat,
            minute=due.hour * 60 + due.minute,
            zone="UTC",
            paused=False,
            next_at=due.replace(second=0, microsecond=0),
            created_at=yesterday,
        )
        for chat in ids[:SUBSCRIBED]
    )


def _rows(database: Database, table: type[Base]) -> Sequence[Any]:
    return database.transact(lambda session: session.scalars(select(table)).all())


def _answers(telegram: LocalTelegram, reader: int) -> int:
    return sum(message.from_bot for message in telegram.messages(reader))


def _poems(telegram: LocalTelegram, reader: int) -> int:
    """As `_answers`, without the broadcast, which may reach whoever spoke before all recipients were noted."""
    return sum(message.from_bot and "海上生明月" not in message.text for message in telegram.messages(reader))


@pytest.mark.timeout(600)
async def test_three_replicas_of_which_one_is_killed_and_one_is_stopped(
    database: Database, local_telegram: LocalTelegram, make_poet: Callable[..., Path], tmp_path: Path
) -> None:
    telegram, sink = local_telegram, Sink(CHATS)
    telegram.add_sink(sink)
    database.transact(_seed)

    async def until(holds: Callable[[], bool]) -> None:
        await telegram.wait_until(holds, PATIENCE_S)

    async with _replicas(telegram, database.url, make_poet("founder"), tmp_path) as (first, second, third):
        assert await third.health() == (
            200,
            {"ready": True, "database": True, "poet": "founder", "receiving": True},
        )
        # All of them began at once, and registered one poet.
        assert [row.version for row in _rows(database, PoetVersion)] == ["founder"]

        # An administrator's broadcast, and readers who ask for poems meanwhile.
        telegram.user_sends("/broadcast 海上生明月", ADMIN)
        await until(lambda: _answers(telegram, ADMIN) == 1)
        preview = next(message for message in telegram.messages(ADMIN) if message.from_bot)
        telegram.user_presses(preview.message_id, preview.keyboard[0][0].callback_data or "", ADMIN)
        asked = {telegram.user_sends("/poem 月", reader): reader for reader in range(101, 125)}
        await until(lambda: sum(_poems(telegram, reader) for reader in asked.values()) >= 4)
        await first.kill()
        killed_at = now()
        await until(lambda: [row.state for row in _rows(database, Broadcast) if row.kind == "message"] == ["done"])

        # What is in flight when one is stopped is finished, by it or by the one that is left.
        late = {telegram.user_sends("/poem 山", reader): reader for reader in range(201, 209)}
        await until(lambda: telegram.pending_updates == 0)
        assert await second.end() == 0
        await until(lambda: all(_poems(telegram, reader) for reader in late.values()))
        # What the dead one held and had not begun is free when its lease has run out.
        await until(lambda: _rows(database, InboxUpdate) == [])
        assert (await third.health())[0] == 200
        assert await third.end() == 0

    # Every update was begun once; what waited when one bot died, another did.
    begun = {row.update_id: row.handled_at for row in _rows(database, HandledUpdate)}
    assert set(asked) | set(late) <= set(begun)
    assert _rows(database, InboxUpdate) == []
    counts = {update_id: _poems(telegram, reader) for update_id, reader in {**asked, **late}.items()}
    assert max(counts.values()) == 1
    assert all(begun[update_id] < killed_at for update_id, count in counts.items() if count == 0)
    assert len([poem for poem in _rows(database, Poem) if poem.user_id < FIRST_CHAT]) <= len(counts)

    # Each chat heard the broadcast once, and each subscriber one poem; what the dead one had in hand is not repeated.
    deliveries = _rows(database, Delivery)
    sent = Counter(row.chat_id for row in deliveries if row.state == "sent")
    # A daily poem may still be in the hand of the one that died: its lease has not run out.
    dead = {row.id for row in _rows(database, Sender)}
    assert len(dead) <= 1
    in_doubt = {row.chat_id for row in deliveries if row.state != "sent"}
    for row in deliveries:
        assert row.state == "sent" or row.reason == "its sender died" or (row.state == "sending" and row.sender in dead)
    for chat in range(FIRST_CHAT, FIRST_CHAT + CHATS):
        wanted = 2 if chat < FIRST_CHAT + SUBSCRIBED else 1
        heard = sink.received[chat - FIRST_CHAT]
        assert heard == wanted or chat in in_doubt
        assert sent[chat] <= heard <= wanted

    # One limit for all: the ledger gave each message a moment of its own.
    broadcast = next(row for row in _rows(database, Broadcast) if row.kind == "message")
    (rate,) = _rows(database, SendingRate)
    assert rate.next_at - broadcast.started_at.timestamp() >= CHATS / LIMIT - 0.5
    said = [json.loads(line) for log in tmp_path.glob("*.log") for line in log.read_text().splitlines()]
    assert not [line for line in said if line["level"] in ("error", "critical")]
