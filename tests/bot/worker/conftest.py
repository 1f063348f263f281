"""A worker that can be killed at any step, ratings to learn from, and a champion."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy.orm import Session

from bot.poets.store import FolderStore
from bot.settings import Settings
from bot.storage import Database
from bot.storage.learning import Cause, Wish, begin_job, job_named
from bot.storage.models import Chat, LearningJob, Poem, Rating, User
from bot.storage.versions import Alias, add_version, called, promote
from bot.worker.service import system_database

ROOT = Path(__file__).parents[3]
PROGRAM = Path(__file__).parent / "program.py"


def _nursery() -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, str(PROGRAM)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture(scope="session")
def nursery() -> Iterator["subprocess.Popen[str]"]:
    """The program that forks workers."""
    yield from _nursery()


@pytest.fixture(scope="session")
def second_nursery() -> Iterator["subprocess.Popen[str]"]:
    """Another one, for two workers at once."""
    yield from _nursery()


@dataclass
class World:
    """A database with a champion and ratings, a store, and a worker beside them."""

    database: Database
    home: Path
    store: FolderStore
    process: "subprocess.Popen[str]"
    options: dict[str, Any] = field(default_factory=dict)

    def work(self, point: str | None = None, **options: Any) -> int:
        """Let a worker do the active job, and die at `point` the first time; its exit status."""
        self.start(point, **options)
        return self.ended()

    def ended(self) -> int:
        """Wait for the worker that was started; its exit status."""
        assert self.process.stdout is not None
        return int(self.process.stdout.readline())

    def start(self, point: str | None = None, **options: Any) -> None:
        """As `work`, and go on meanwhile."""
        assert self.process.stdin is not None
        words = {
            "home": str(self.home),
            "database": self.database.url.render_as_string(hide_password=False),
            "system": self.system,
            "poets": str(self.store.root),
            "point": point,
            **self.options,
            **options,
        }
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()

    def beside(self, process: "subprocess.Popen[str]") -> "World":
        """A second worker with a home of its own, and the same database and store."""
        home = self.home / "second"
        (home / "worker").mkdir(parents=True)
        return World(self.database, home, self.store, process)

    def begin(self, job_id: str = "job-1") -> bool:
        """Queue a job."""
        return self.database.transact(partial(begin_job, wish=Wish(job_id, Cause.COMMAND)))

    def job(self, job_id: str = "job-1") -> LearningJob:
        """The job as it is now."""
        job = self.database.transact(partial(job_named, job_id=job_id))
        assert job is not None
        return job

    def alias(self, alias: Alias) -> str | None:
        """Which version has an alias."""
        served = self.database.transact(partial(called, alias=alias))
        return served.version if served else None

    @property
    def system(self) -> str:
        """Where the workflows are kept."""
        address = SecretStr(self.database.url.render_as_string(hide_password=False))
        settings = Settings(home=self.home, database_url=address)
        return system_database(settings).render_as_string(hide_password=False)

    @property
    def done(self) -> list[str]:
        """What the worker noted, in order."""
        path = self.home / "done.txt"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def world(
    database: Database, tmp_path: Path, make_poet: Callable[..., Path], nursery: "subprocess.Popen[str]"
) -> World:
    """Champion `base`, and six ratings by two readers."""
    store = FolderStore(tmp_path / "poets")
    _, digest = store.publish(make_poet("base"))
    row: dict[str, Any] = {"version": "base", "digest": digest, "parent": None, "state": "founder", "metrics": {}}
    database.transact(partial(add_version, row=row))
    database.transact(partial(promote, version="base", by="bot"))
    database.transact(_rate)
    (tmp_path / "worker").mkdir()
    return World(database, tmp_path, store, nursery)


def _rate(session: Session) -> None:
    session.add_all([User(id=7_000_000_001), User(id=7_000_000_002), Chat(id=1, kind="private")])
    session.flush()
    for number in range(1, 4):
        session.add(
            Poem(
                id=number,
                user_id=7_000_000_001,
                chat_id=1,
                asked_title="秋思",
                script="hant",
                best_of=16,
                temperature=0.8,
                seed=number,
                poet="base",
                text="月下孤舟過遠灘，江風吹葉夜初寒。",
                form=None,
                score=-4.5,
            )
        )
    session.flush()
    for number in range(1, 4):
        session.add(Rating(poem_id=number, user_id=7_000_000_001, value=1))
        session.add(Rating(poem_id=number, user_id=7_000_000_002, value=-1))
