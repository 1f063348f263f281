"""The database: opened here, and every piece of work on it is one short transaction."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from bot.errors import DatabaseError

Result = TypeVar("Result")

# How long a transaction waits for another process (a backup, a second bot) before it gives up.
_SQLITE_PATIENCE_MS: Final = 5_000
_OTHER_THREADS: Final = 8

_log = logging.getLogger(__name__)


class Database:
    """One database, with the threads that work on it. Use as a context manager, or call `close`."""

    def __init__(self, url: URL) -> None:
        """Prepare for `url`, making its folder if it is a file; `bot.storage.schema.upgrade` opens it first."""
        self.url = url
        self.engine = _engine(url)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        # SQLite has one writer: a queue of our own is fairer than threads that wait for its lock by trying again.
        threads = 1 if self.engine.dialect.name == "sqlite" else _OTHER_THREADS
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="database")

    def __enter__(self) -> "Database":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def transact(self, work: Callable[[Session], Result]) -> Result:
        """Run `work(session)` in one transaction: committed when it returns, rolled back when it raises."""
        with self._sessions.begin() as session:
            return work(session)

    async def run(self, work: Callable[[Session], Result]) -> Result:
        """`transact` in a thread of the database's own, so that the event loop goes on."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.transact, work)

    def close(self) -> None:
        """Finish the work that was begun and close every connection."""
        self._threads.shutdown()
        self.engine.dispose()


def unusable(url: URL, error: Exception) -> DatabaseError:
    """The one sentence for a database that cannot be opened, without its password."""
    reason = getattr(error, "orig", None) or error
    return DatabaseError(
        f"cannot open the database {url.render_as_string()}: {str(reason).strip()} "
        "(YUEXIA_DATABASE_URL and YUEXIA_HOME say where it is)"
    )


def _engine(url: URL) -> Engine:
    try:
        if url.get_backend_name() == "sqlite" and url.database:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        # An error's text would otherwise hold the statement's values, which are a reader's words.
        engine = create_engine(url, hide_parameters=True, pool_pre_ping=url.get_backend_name() != "sqlite")
    # ValueError: an option behind the ? of the address.
    except (OSError, SQLAlchemyError, ImportError, ValueError) as error:
        raise unusable(url, error) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_to_write)
    return engine


def _prepare_sqlite(connection: Any, _: object) -> None:
    # Python's driver would begin transactions by itself, and not before DDL; SQLAlchemy's "begin" event does it for us.
    connection.isolation_level = None
    cursor = connection.cursor()
    # Before WAL is switched on: that too may have to wait for another process.
    cursor.execute(f"PRAGMA busy_timeout = {_SQLITE_PATIENCE_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    # FULL: what was committed, a rating that was acknowledged, survives a power cut.
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_to_write(connection: Connection) -> None:
    # A transaction that begins by reading and then writes can fail at once when another wrote in between.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
