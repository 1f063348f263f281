"""Backups: a database in one file, whole and checked, taken while the bot runs; and the way back.

Here is what both kinds of database have in common, and SQLite's part; PostgreSQL's is in `bot.storage.dumps`.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Engine, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from bot.errors import DatabaseError
from bot.storage import dumps
from bot.storage.database import Database, unusable
from bot.storage.models import Base, now
from bot.storage.schema import known_revisions, upgrade
from poetcore.files import sync_folder

_SQLITE_BEGINS: Final = b"SQLite format 3\0"
_OURS: Final = (*Base.metadata.tables, "alembic_version")


@dataclass(frozen=True)
class Restored:
    """What came of a restore."""

    revision: str
    """At which the database is now."""
    aside: Path | None
    """Where what was there before is kept; None if nothing was."""


def back_up(url: URL, file: Path) -> str:
    """Write the database into `file`, whole or not at all; the revision that it is at.

    Raises `DatabaseError` when the database cannot be read, is not Yuexia's, or the file cannot be written.
    """
    file = file.absolute()
    with _written_whole(file) as part:
        if url.get_backend_name() == "postgresql":
            dumps.dump(url, part, _OURS)
            return _refuse_a_stranger(file, dumps.revision_of(part))
        source = _sqlite_file(url)
        if not source.is_file():
            raise DatabaseError(f"there is no database {source} to back up (YUEXIA_DATABASE_URL and YUEXIA_HOME)")
        if file.exists() and file.samefile(source):
            raise DatabaseError(f"{file} is the database itself: name another file for its backup")
        _copy(source, part)
        return _checked(part)


def restore(url: URL, file: Path, *, force: bool) -> Restored:
    """Put the backup `file` in the place of the database, and bring it to this version's tables.

    What was there is kept aside. Raises `DatabaseError` when the file is no backup of such a database, when something
    is connected to the database, and, unless `force`, when there is anything in it.
    """
    file = file.absolute()
    if not file.is_file():
        raise DatabaseError(f"there is no backup {file}")
    with file.open("rb") as opened:
        is_sqlite = opened.read(len(_SQLITE_BEGINS)) == _SQLITE_BEGINS
    if url.get_backend_name() == "postgresql":
        if is_sqlite:
            raise DatabaseError(f"{file} is a backup of SQLite: name such a database in YUEXIA_DATABASE_URL")
        return _restore_dump(url, file, force=force)
    if not is_sqlite:
        raise DatabaseError(f"{file} is no backup of a SQLite database: look at YUEXIA_DATABASE_URL")
    return _restore_sqlite(url, file, force=force)


def _restore_sqlite(url: URL, file: Path, *, force: bool) -> Restored:
    target = _sqlite_file(url)
    if target.exists() and file.samefile(target):
        raise DatabaseError(f"{file} is the database itself: name its backup")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.restoring")
    try:
        _copy(file, part)
        _checked(part)
        with Database(url.set(database=str(part))) as database:
            revision = upgrade(database)
        if not target.exists():
            part.replace(target)
            return Restored(revision, None)
        _refuse_what_is_in_use(target)
        with Database(url) as database:
            _refuse_what_is_not_empty(database, force=force)
        aside = _aside(target)
        # In this order there is a database at any moment.
        os.link(target, aside)
        part.replace(target)
        sync_folder(target.parent)
        return Restored(revision, aside)
    finally:
        for rest in ("", "-wal", "-shm"):
            part.with_name(part.name + rest).unlink(missing_ok=True)


def _restore_dump(url: URL, file: Path, *, force: bool) -> Restored:
    _refuse_a_stranger(file, dumps.revision_of(file))
    with Database(url) as database:
        _refuse_what_is_not_empty(database, force=force)
        holds_tables = bool(_tables(database.engine))
    dumps.refuse_what_is_in_use(url)
    aside = None
    if holds_tables:
        aside = _aside(file.with_name(f"{url.database}.dump"))
        dumps.dump(url, aside, _OURS)
    dumps.load(url, file, _OURS)
    with Database(url) as database:
        return Restored(upgrade(database), aside)


@contextmanager
def _written_whole(file: Path) -> Iterator[Path]:
    """A file beside `file` to write into, which takes its place, and its name, when the block has ended well."""
    part = file.with_name(f"{file.name}.part")
    try:
        part.unlink(missing_ok=True)
        # Readers' words are in it.
        part.touch(0o600)
        yield part
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(file)
        sync_folder(file.parent)
    except OSError as error:
        raise DatabaseError(f"cannot write {file}: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    """Copy a SQLite database as it is at one moment, while others write to it."""
    try:
        with (
            closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as reading,
            closing(sqlite3.connect(target)) as writing,
        ):
            reading.backup(writing)
            # One file, not three.
            writing.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise DatabaseError(f"cannot copy {source} to {target}: {error}") from error


def _checked(file: Path) -> str:
    """The revision of a SQLite file; raises `DatabaseError` if it is damaged or not Yuexia's."""
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
            [(verdict,), *_] = connection.execute("PRAGMA integrity_check(1)")
            if verdict != "ok":
                raise DatabaseError(f"{file} is damaged: {verdict}")
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            known = "alembic_version" in tables
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone() if known else None
    except sqlite3.Error as error:
        raise DatabaseError(f"{file} is damaged: {error}") from error
    return _refuse_a_stranger(file, row[0] if row else None)


def _refuse_a_stranger(file: Path, revision: str | None) -> str:
    if revision is None:
        raise DatabaseError(f"{file} holds no tables of Yuexia")
    if revision not in known_revisions():
        raise DatabaseError(
            f"{file} is at revision {revision}, which this version does not know: upgrade Yuexia, then restore it"
        )
    return revision


def _refuse_what_is_in_use(file: Path) -> None:
    """Raise if a program has this SQLite database open; leave it in one file."""
    try:
        with closing(sqlite3.connect(file, timeout=1.0)) as connection:
            # Only the last connection may leave the mode in which the bot has it.
            connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    except sqlite3.OperationalError as error:
        raise DatabaseError(f"the database {file} is in use ({error}): stop the bot and the worker first") from error
    except sqlite3.DatabaseError as error:
        raise DatabaseError(f"{file} is not a database ({error}): move it away, then restore") from error


def _refuse_what_is_not_empty(database: Database, *, force: bool) -> None:
    where = database.url.render_as_string()
    try:
        full = [name for name in _tables(database.engine) if _has_rows(database.engine, name)]
    except SQLAlchemyError as error:
        raise unusable(database.url, error) from error
    if full and not force:
        raise DatabaseError(f"the database {where} is not empty ({', '.join(full[:3])} …): give --force to replace it")


def _tables(engine: Engine) -> list[str]:
    return sorted(set(inspect(engine).get_table_names()) & set(Base.metadata.tables))


def _has_rows(engine: Engine, name: str) -> bool:
    table = Base.metadata.tables[name]
    with engine.connect() as connection:
        return connection.execute(select(1).select_from(table).limit(1)).first() is not None


def _sqlite_file(url: URL) -> Path:
    return Path(url.database or "").absolute()


def _aside(file: Path) -> Path:
    return file.with_name(f"{file.stem}.before-{now():%Y%m%dT%H%M%S%f}{file.suffix}")
