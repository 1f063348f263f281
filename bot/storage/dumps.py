"""Backups of PostgreSQL, by its own programs: pg_dump, pg_restore, psql."""

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sqlalchemy import URL, text
from sqlalchemy.exc import SQLAlchemyError

from bot.errors import DatabaseError
from bot.storage.database import Database, unusable

# What the dump is to hold of the tables, not of their owner or of who may read them.
_PLAIN: Final = ("--no-owner", "--no-privileges")


def dump(url: URL, file: Path, tables: Iterable[str]) -> None:
    """Write `tables`, as they are at one moment, into `file` in pg_dump's own format, and check that it can be read."""
    chosen = [f"--table={name}" for name in tables]
    _call(url, "pg_dump", *_PLAIN, *chosen, "--format=custom", f"--file={file}", f"--dbname={_address(url)}")
    revision_of(file)


def revision_of(file: Path) -> str:
    """The revision of a dump; raises `DatabaseError` if it is none, or holds no tables of Yuexia."""
    script = _call(None, "pg_restore", "--data-only", "--table=alembic_version", "--file=-", str(file))
    rows = script.partition("\nCOPY ")[2].partition("\n")[2]
    revision = rows.partition("\n")[0].strip()
    if not revision or revision == "\\.":
        raise DatabaseError(f"{file} holds no tables of Yuexia")
    return revision


def refuse_what_is_in_use(url: URL) -> None:
    """Raise if another program is connected to the database."""
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    try:
        with Database(url) as database, database.engine.connect() as connection:
            count = connection.scalar(others)
    except SQLAlchemyError as error:
        raise unusable(url, error) from error
    if count:
        raise DatabaseError(
            f"the database {url.render_as_string()} is in use by {count} others: stop the bot and the worker first"
        )


def load(url: URL, file: Path, tables: Iterable[str]) -> None:
    """Put what is in a dump in the place of `tables`, all or nothing."""
    names = ", ".join(f'"{name}"' for name in tables)
    with TemporaryDirectory(prefix="yuexia-restore-") as folder:
        script = Path(folder) / "restore.sql"
        _call(None, "pg_restore", *_PLAIN, f"--file={script}", str(file))
        _call(
            url,
            "psql",
            "--no-psqlrc",
            "--quiet",
            "--single-transaction",
            "--set=ON_ERROR_STOP=1",
            f"--command=DROP TABLE IF EXISTS {names} CASCADE",
            f"--file={script}",
            f"--dbname={_address(url)}",
        )


def _call(url: URL | None, program: str, *words: str) -> str:
    """What `program` prints; raises `DatabaseError` with the last line of what it complains of."""
    # Not among the words: those any user of the machine can read.
    secret = {"PGPASSWORD": url.password} if url is not None and url.password else {}
    try:
        done = subprocess.run(  # noqa: S603 programs by name, words of our own
            [program, *words], env={**os.environ, **secret}, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise DatabaseError(
            f"{program} is not installed: install PostgreSQL's client programs (Debian: postgresql-client)"
        ) from None
    if done.returncode:
        complaint = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
        raise DatabaseError(f"{program} failed: {complaint[0]}")
    return done.stdout


def _address(url: URL) -> str:
    """The address as libpq reads it, without the password."""
    # Not `set`, which leaves a password that is to be None as it was.
    plain = url._replace(drivername="postgresql", password=None)
    return plain.render_as_string(hide_password=False)
