"""How many presses of 👍 a database keeps in a second: the bot's own statements and commits, and nothing else.

A bot does more for a press than this. So where it answers fewer, its processor is the limit; where several bots
together would want more, the database is.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, select
from sqlalchemy.orm import Session

from bot.errors import BotError
from bot.storage import Database
from bot.storage.models import Chat, Poem, User
from bot.storage.poems import press
from bot.storage.schema import upgrade


@dataclass(frozen=True)
class Plan:
    """What is measured."""

    presses: int = 10_000
    at_once: int = 48
    """Readers who press at the same time, each on a poem of their own."""


@dataclass(frozen=True)
class Report:
    """What came of it. Keys of `poetbot bench database --json`."""

    backend: str
    """sqlite or postgresql."""
    presses_per_s: float
    p50_s: float
    """Until a press was committed: half of them no longer than this."""
    p99_s: float
    presses: int
    seconds: float


def measure(plan: Plan, url: URL | None = None, say: Callable[[str], None] = lambda _: None) -> Report:
    """Measure the empty database at `url`, or SQLite in a folder for temporary files.

    Raises `DatabaseError` when it cannot be opened, and `BotError` when it is not empty: its poems stay there.
    """
    with tempfile.TemporaryDirectory(prefix="yuexia-bench-") as folder:
        at = url or URL.create("sqlite", database=str(Path(folder) / "yuexia.db"))
        with Database(at) as database:
            upgrade(database)
            poems = database.transact(lambda session: _prepare(session, plan.at_once))
            say(f"{plan.presses:,} presses, {plan.at_once} at a time, on {database.engine.dialect.name}")
            began = time.monotonic()
            latencies = sorted(asyncio.run(_press_all(database, poems, plan)))
            seconds = time.monotonic() - began
            backend = database.engine.dialect.name
    return Report(
        backend=backend,
        presses_per_s=len(latencies) / seconds,
        p50_s=latencies[len(latencies) // 2],
        p99_s=latencies[len(latencies) * 99 // 100],
        presses=len(latencies),
        seconds=seconds,
    )


def _prepare(session: Session, readers: int) -> list[int]:
    """A poem for each reader, in a chat of their own; the poems' ids. Reader, chat and poem are in the same order."""
    if session.scalar(select(Poem.id).limit(1)) is not None:
        raise BotError("the database has poems: give an empty one, what is measured stays in it")
    numbers = range(1, readers + 1)
    session.add_all([User(id=number) for number in numbers])
    session.add_all([Chat(id=number, kind="private") for number in numbers])
    session.flush()
    made = {"script": "hant", "best_of": 1, "temperature": 1.0, "seed": 0, "poet": "none", "text": "月", "score": 0.0}
    poems = [Poem(user_id=number, chat_id=number, **made) for number in numbers]
    session.add_all(poems)
    session.flush()
    return [poem.id for poem in poems]


async def _press_all(database: Database, poems: list[int], plan: Plan) -> list[float]:
    """Seconds that each press took."""
    left, latencies = iter(range(plan.presses)), []

    async def reader(number: int, poem: int) -> None:
        for turn in left:
            value = 1 if turn % 2 else -1
            began = time.monotonic()
            await database.run(
                lambda session: press(session, poem_id=poem, chat_id=number, user_id=number, value=value)  # noqa: B023
            )
            latencies.append(time.monotonic() - began)

    async with asyncio.TaskGroup() as group:
        for number, poem in enumerate(poems, start=1):
            group.create_task(reader(number, poem))
    return latencies
