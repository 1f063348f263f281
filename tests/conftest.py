"""What several rooms' tests share: a running local Telegram, a small collection."""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from hypothesis import settings
from sqlalchemy import URL, create_engine

from bot.localchat import LocalTelegram
from bot.storage import Database
from bot.storage.schema import upgrade
from poetcore.package import Architecture, Characters, PoetCard, Tensors, expected_shapes, write_package
from poetcore.prosody import FORMS

POSTGRES_REQUIRED: Final = bool(os.environ.get("YUEXIA_REQUIRE_POSTGRES"))
POSTGRES_PASSWORD: Final = "moon/light %2B"

# A test never asserts a time: on a busy machine any example may be slow.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# python-telegram-bot 22 warns at every 429 unless retry_after may be a timedelta, and warnings are errors here.
os.environ.setdefault("PTB_TIMEDELTA", "true")


@pytest.fixture
async def local_telegram() -> AsyncIterator[LocalTelegram]:
    """A local Telegram on a free port."""
    server = LocalTelegram()
    async with server.running():
        yield server


@pytest.fixture(scope="session")
def tiny_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection of 300 verses; a hanzi's successor is one of six, so there is something to learn."""
    random = np.random.default_rng(0)
    poems = []
    for _ in range(300):
        codes = (random.integers(60, size=(4, 1)) + np.cumsum(random.integers(1, 7, size=(4, 5)), axis=1)) % 60
        lines = ["".join(chr(0x4E00 + code) for code in line) for line in codes]
        poems.append({"author": "", "title": "", "paragraphs": ["{}，{}。{}，{}。".format(*lines)]})
    source = tmp_path_factory.mktemp("tiny")
    (source / "poet.tang.0.json").write_text(json.dumps(poems, ensure_ascii=False), encoding="utf-8")
    return source


@dataclass
class Cluster:
    """A PostgreSQL server of the tests' own, with a database that holds all tables and nothing in them."""

    url: URL

    def __post_init__(self) -> None:
        self._numbers = count(1)
        self.sql("CREATE DATABASE pattern")
        with Database(self.url.set(database="pattern")) as database:
            upgrade(database)

    def sql(self, statement: str) -> None:
        """Run a statement that no transaction may hold."""
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()

    @contextmanager
    def database(self, pattern: str = "pattern") -> Iterator[URL]:
        """A new database, with all tables or (`template0`) blank."""
        name = f"test{next(self._numbers)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {pattern}")
        yield self.url.set(database=name)
        self.sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A private cluster on a free loopback port; skips where PostgreSQL is not installed, unless it is required."""
    programs = _postgres_programs()
    if programs is None:
        if POSTGRES_REQUIRED:
            pytest.fail("PostgreSQL is required here and not installed: apt-get install postgresql")
        pytest.skip("PostgreSQL is not installed")
    # pytest's own folders are closed to the user that PostgreSQL runs as: it refuses to run as root.
    home = Path(tempfile.mkdtemp(prefix="yuexia-postgres-"))
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(home, user)

    def call(program: str, *words: str) -> None:
        subprocess.run([programs / program, *words], user=user, cwd=home, check=True, stdout=subprocess.DEVNULL)

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (home / "password").write_text(POSTGRES_PASSWORD)
    (home / "password").chmod(0o644)
    call("initdb", "-D", "data", "-U", "poet", "-E", "UTF8", "--locale=C", "-A", "scram-sha-256",
         "--pwfile=password", "--no-sync")  # fmt: skip
    with (home / "data" / "postgresql.conf").open("a") as configuration:
        configuration.write(
            f"port={port}\nlisten_addresses='127.0.0.1'\nunix_socket_directories=''\n"
            "fsync=off\nfull_page_writes=off\nsynchronous_commit=off\nshared_buffers=32MB\n"
        )
    # It dies with the tests, even if they are killed.
    leash = ["setpriv", "--pdeathsig", "QUIT"] if shutil.which("setpriv") else []
    command = [*leash, str(programs / "postgres"), "-D", "data"]
    with (home / "log").open("wb") as log, subprocess.Popen(command, user=user, cwd=home, stderr=log) as server:
        while subprocess.run(
            [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)], check=False
        ).returncode:
            if server.poll() is not None:
                pytest.fail(f"PostgreSQL does not start: {(home / 'log').read_text()}")
        try:
            yield Cluster(URL.create("postgresql+psycopg", "poet", POSTGRES_PASSWORD, "127.0.0.1", port, "postgres"))
        finally:
            server.send_signal(signal.SIGQUIT)
    shutil.rmtree(home)


def _postgres_programs() -> Path | None:
    folders = [*Path("/usr/lib/postgresql").glob("*/bin"), *map(Path, os.environ.get("PATH", "").split(os.pathsep))]
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[URL]:
    """A fresh database with all tables, on each of the databases that we know."""
    if request.param == "sqlite":
        url = URL.create("sqlite", database=str(tmp_path / "yuexia.db"))
        with Database(url) as database:
            upgrade(database)
        yield url
    else:
        with request.getfixturevalue("postgres").database() as url:
            yield url


# Enough of each tone and rhyme for a poem in any form.
_CHARACTERS: Final = (
    "，。紅不人一無山風有來天日何如中自時生雲年爲春花知此月水我上得相未心君清歸子見三行老今長事可是江白去與雨下千詩萬秋空明已在高"
    "寒作家誰夜處青欲道客玉更門前書南聲出多酒成新之古落金東地能亦世流公頭飛深從西開看十間入身朝然平同當意名大石方林百盡光重里"
)


@pytest.fixture(scope="session")
def make_poet(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Write the package of a poet with random weights of `size`: `make_poet("a", seed=1, parent=None, size=16)`."""

    def make(version: str, seed: int = 0, parent: str | None = None, size: int = 16) -> Path:
        card = PoetCard(
            version=version,
            created=datetime(2024, 9, 17, 12, 0, tzinfo=UTC),
            parent=parent,
            architecture=Architecture(embedding_size=8, hidden_size=size, layers=1, tied=False),
            vocabulary=Characters(characters=_CHARACTERS),
            forms=tuple(FORMS),
            training={"data_fingerprint": "tiny"},
            metrics={},
        )
        shapes = expected_shapes(card.architecture, 3 + len(_CHARACTERS))
        random = np.random.default_rng(seed)
        tensors: Tensors = {name: random.normal(0, 0.5, shape).astype(np.float16) for name, shape in shapes.items()}
        folder = tmp_path_factory.mktemp("package") / version
        write_package(folder, card, tensors)
        return folder

    return make
