"""The backup of profile `scale` as the page has it: its commands, on a server of this machine."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import URL, text

from bot.storage import Database
from bot.storage.schema import upgrade
from tests.deploy.files import DEPLOY

# Cron's line, and those of the way back: what the database's container is told to run.
_TOLD: Final = re.compile(r"^(?:30 3 \* \* \* cd \S+ && )?(.*docker compose exec -T database .*)$", re.MULTILINE)


@pytest.fixture
def server(postgres: Any) -> Iterator[URL]:
    """A server as the container has it: `yuexia` may do everything, and owns a database of that name."""
    url: URL = postgres.url
    postgres.sql("CREATE ROLE yuexia SUPERUSER LOGIN PASSWORD 'moonlight'")
    postgres.sql("CREATE DATABASE yuexia OWNER yuexia")
    yield url.set(username="yuexia", password="moonlight", database="yuexia")
    for name in ("yuexia", "aside"):
        postgres.sql(f"DROP DATABASE IF EXISTS {name}")
    postgres.sql("DROP ROLE yuexia")


def test_what_a_backup_holds_comes_back(server: URL, tmp_path: Path) -> None:
    back_up, *restore = _TOLD.findall((DEPLOY / "README.md").read_text(encoding="utf-8"))
    with Database(server) as database:
        upgrade(database)
        _do(
            database,
            "CREATE SCHEMA dbos",
            "INSERT INTO user_account (id, created_at, seen_at) VALUES (7, now(), now())",
        )
    _type(back_up.replace("\\%", "%"), server, tmp_path)
    (backup,) = tmp_path.iterdir()
    assert re.fullmatch(r"[A-Z][a-z]{2}\.backup", backup.name)
    with Database(server) as database:
        # As a newer version may have left it.
        _do(database, "DELETE FROM user_account", "CREATE TABLE newer (id integer)")
    for command in restore:
        _type(command.replace("Mon.backup", backup.name), server, tmp_path)
    with Database(server) as database, database.engine.connect() as connection:
        assert connection.scalar(text("SELECT id FROM user_account")) == 7
        assert connection.scalar(text("SELECT to_regclass('newer')")) is None
        assert connection.scalar(text("SELECT to_regnamespace('dbos')")) is None


def _do(database: Database, *statements: str) -> None:
    with database.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def _type(command: str, server: URL, backups: Path) -> None:
    here = command.replace("docker compose exec -T database ", "").replace("/var/backups/yuexia", str(backups))
    place = {"PGHOST": server.host, "PGPORT": str(server.port), "PGPASSWORD": server.password, "LC_ALL": "C"}
    known = {name: value for name, value in place.items() if value is not None}
    done = subprocess.run(
        ["bash", "-euc", here], env={**os.environ, **known}, cwd=backups, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
