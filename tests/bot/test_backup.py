"""`poetbot db backup` and `db restore`: whole or not at all, and never over what somebody uses or needs."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import URL, func, select
from sqlalchemy.orm import Session

from bot.errors import DatabaseError
from bot.settings import read_settings
from bot.storage import Database
from bot.storage.backup import back_up, restore
from bot.storage.models import User
from bot.storage.schema import alembic_config, upgrade

HEAD = "0013"


@pytest.fixture
def readers(database_url: URL) -> URL:
    """A database with three readers."""
    with Database(database_url) as database:
        database.transact(lambda session: session.add_all(User(id=number) for number in (1, 2, 3)))
    return database_url


@pytest.fixture
def empty(database_url: URL, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[URL]:
    """Another database of that kind, without any table."""
    if database_url.get_backend_name() == "sqlite":
        yield URL.create("sqlite", database=str(tmp_path / "new" / "yuexia.db"))
    else:
        with request.getfixturevalue("postgres").database("template0") as url:
            yield url


def _readers(url: URL) -> int:
    with Database(url) as database:
        return database.transact(lambda session: session.scalar(select(func.count()).select_from(User)) or 0)


def _add(session: Session, number: int) -> None:
    session.add(User(id=number))


def test_there_and_back(readers: URL, empty: URL, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    assert back_up(readers, file) == HEAD
    assert file.stat().st_mode & 0o077 == 0
    restored = restore(empty, file, force=False)
    assert (restored.revision, restored.aside) == (HEAD, None)
    assert _readers(empty) == 3


def test_what_was_there_is_kept_aside(readers: URL, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    back_up(readers, file)
    with Database(readers) as database:
        database.transact(partial(_add, number=4))
    with pytest.raises(DatabaseError, match=r"is not empty \(user_account …\): give --force"):
        restore(readers, file, force=False)
    assert _readers(readers) == 4
    aside = restore(readers, file, force=True).aside
    assert _readers(readers) == 3
    assert aside is not None
    restore(readers, aside, force=True)
    assert _readers(readers) == 4


def test_an_older_backup_is_brought_up_to_date(readers: URL, tmp_path: Path) -> None:
    with Database(readers) as database, database.engine.begin() as connection:
        command.downgrade(alembic_config(connection), "0006")
    assert back_up(readers, tmp_path / "old") == "0006"
    with Database(readers) as database:
        upgrade(database)
    assert restore(readers, tmp_path / "old", force=True).revision == HEAD
    assert _readers(readers) == 3


def test_a_database_in_use_is_not_replaced(readers: URL, tmp_path: Path) -> None:
    back_up(readers, tmp_path / "backup")
    with Database(readers) as bot:
        bot.transact(partial(_add, number=4))
        with pytest.raises(DatabaseError, match=r"in use.*: stop the bot and the worker first"):
            restore(readers, tmp_path / "backup", force=True)
    assert _readers(readers) == 4


def test_a_newer_backup_and_a_strangers_are_refused(readers: URL, empty: URL, tmp_path: Path) -> None:
    with Database(readers) as database, database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseError, match="revision 9999, which this version does not know: upgrade Yuexia"):
        back_up(readers, tmp_path / "newer")
    assert not (tmp_path / "newer").exists()
    with Database(readers) as database, database.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE alembic_version")
    with pytest.raises(DatabaseError, match=r"holds no tables of Yuexia|no matching tables"):
        back_up(readers, tmp_path / "backup")
    (tmp_path / "poem").write_text("月下獨酌")
    with pytest.raises(DatabaseError, match=r"no backup of a SQLite database|pg_restore failed"):
        restore(empty, tmp_path / "poem", force=False)
    with pytest.raises(DatabaseError, match="there is no backup"):
        restore(empty, tmp_path / "nothing", force=False)
    assert sorted(path.name for path in tmp_path.iterdir() if "part" in path.name or "restoring" in path.name) == []


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Path:
    """A SQLite database with all tables."""
    file = tmp_path / "yuexia.db"
    with Database(URL.create("sqlite", database=str(file))) as database:
        upgrade(database)
        database.transact(lambda session: session.add_all(User(id=number) for number in range(1, 2_000)))
    return file


def test_the_bot_writes_while_it_is_copied(sqlite_file: Path, tmp_path: Path) -> None:
    url, stop = URL.create("sqlite", database=str(sqlite_file)), threading.Event()

    def write() -> None:
        with Database(url) as database:
            for number in range(10_000, 100_000):
                database.transact(partial(_add, number=number))
                if stop.is_set():
                    return

    writer = threading.Thread(target=write)
    writer.start()
    for number in range(5):
        back_up(url, tmp_path / f"backup{number}")
    stop.set()
    writer.join()
    counts = [_readers(URL.create("sqlite", database=str(tmp_path / f"backup{number}"))) for number in range(5)]
    assert counts == sorted(counts)
    assert counts[0] >= 1_999


def test_a_damaged_backup_is_refused(sqlite_file: Path, tmp_path: Path) -> None:
    url, file = URL.create("sqlite", database=str(sqlite_file)), tmp_path / "backup"
    back_up(url, file)
    with file.open("r+b") as damaged:
        damaged.seek(4096)
        damaged.write(os.urandom(8 * 4096))
    with pytest.raises(DatabaseError, match="is damaged"):
        restore(URL.create("sqlite", database=str(tmp_path / "new.db")), file, force=False)
    assert not (tmp_path / "new.db").exists()


def test_a_backup_that_cannot_be_written_leaves_the_old_one(sqlite_file: Path, tmp_path: Path) -> None:
    url, file = URL.create("sqlite", database=str(sqlite_file)), tmp_path / "backup"
    back_up(url, file)
    before = file.read_bytes()
    with closing(sqlite3.connect(sqlite_file)) as connection:
        connection.execute("DELETE FROM alembic_version")
        connection.commit()
    with pytest.raises(DatabaseError, match="holds no tables of Yuexia"):
        back_up(url, file)
    assert file.read_bytes() == before
    with pytest.raises(DatabaseError, match="cannot write"):
        back_up(url, tmp_path / "no" / "folder")
    with pytest.raises(DatabaseError, match="is the database itself"):
        back_up(url, sqlite_file)


def test_without_postgresqls_programs_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DatabaseError, match="pg_dump is not installed: install PostgreSQL's client programs"):
        back_up(URL.create("postgresql+psycopg", "poet", "s3cret", "127.0.0.1", 9, "poems"), tmp_path / "backup")


@pytest.mark.parametrize("address", ["poet:s3cret@127.0.0.1:9/poems", "127.0.0.1:9/poems?user=poet&password=s3cret"])
def test_the_password_is_not_among_the_words_of_postgresqls_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    program = tmp_path / "pg_dump"
    program.write_text('#!/bin/sh\necho "PGPASSWORD=$PGPASSWORD $0 $*" >&2\nexit 1\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DatabaseError) as caught:
        back_up(read_settings(database_url=f"postgresql://{address}").database, tmp_path / "backup")
    secret, _, words = str(caught.value).partition(" --")
    assert secret == f"pg_dump failed: PGPASSWORD=s3cret {program}"
    assert words.endswith("--dbname=postgresql://poet@127.0.0.1:9/poems")
    assert "s3cret" not in words
