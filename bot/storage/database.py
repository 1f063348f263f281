"""The database: opened here, and every piece of work on it is one short transaction."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from sqlite3 import SQLITE_FULL, SQLITE_IOERR, SQLITE_READONLY
from typing import Any, Final, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from bot.errors import DatabaseError
from bot.storage.commits import SharedCommits

Result = TypeVar("Result")
Work = Callable[[Session], Result]

# How long a transaction waits for another process (a backup, a second bot) before it gives up.
_PATIENCE_MS: Final = 5_000
_OTHER_THREADS: Final = 8
# A host that does not answer at all would otherwise be waited for by the system's two minutes.
_CONNECT_S: Final = 10
# One that vanishes later, power or network gone, would hold every thread for the system's quarter of an hour.
_SILENCE: Final = {
    "tcp_user_timeout": 15_000,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}

_NO_WRITES_SQLITE: Final = frozenset({SQLITE_FULL, SQLITE_IOERR, SQLITE_READONLY})
# disk_full, read_only_sql_transaction
_NO_WRITES_POSTGRESQL: Final = frozenset({"53100", "25006"})

_log = logging.getLogger(__name__)


class Database:
    """One database, with the threads that work on it. Use as a context manager, or call `close`."""

    def __init__(self, url: URL) -> None:
        """Prepare for `url`, making its folder if it is a file; `bot.storage.schema.upgrade` opens it first."""
        self.url = url
        self.engine = _engine(url)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        self._is_sqlite = self.engine.dialect.name == "sqlite"
        # SQLite has one writer: a queue of our own is fairer than threads that wait for its lock by trying again.
        threads = 1 if self._is_sqlite else _OTHER_THREADS
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="database")
        self._commits = SharedCommits(self.engine, self._threads)

    def __enter__(self) -> "Database":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def transact(self, work: Work[Result]) -> Result:
        """Run `work(session)` in one transaction: committed when it returns, rolled back when it raises."""
        with self._sessions.begin() as session:
            return work(session)

    async def run(self, work: Work[Result]) -> Result:
        """`transact` in a thread of the database's own, so that the event loop goes on.

        On SQLite, works that wait at the same time share one commit: it takes 4 ms of a disk whatever it holds.
        """
        if self._is_sqlite:
            return await asyncio.wrap_future(self._commits.add(work))
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


def takes_no_writes(error: SQLAlchemyError) -> bool:
    """Whether the database is full or may only be read, which does not pass by itself; a lock does."""
    cause = getattr(error, "orig", None)
    # A quota that is used up is a failed write to SQLite.
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    return code in _NO_WRITES_SQLITE or getattr(cause, "sqlstate", None) in _NO_WRITES_POSTGRESQL


def _engine(url: URL) -> Engine:
    try:
        engine = _sqlite(url) if url.get_backend_name() == "sqlite" else _server(url)
    # ValueError: an option behind the ? of the address.
    except (OSError, SQLAlchemyError, ImportError, ValueError) as error:
        raise unusable(url, error) from error
    return engine


def _sqlite(url: URL) -> Engine:
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    # An error's text would otherwise hold the statement's values, which are a reader's words.
    engine = create_engine(url, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_to_write)
    return engine


def _server(url: URL) -> Engine:
    patience = f"-c lock_timeout={_PATIENCE_MS} -c idle_in_transaction_session_timeout=60000"
    arguments = connection_arguments(url, options=patience)
    return create_engine(
        url, hide_parameters=True, pool_pre_ping=True, pool_size=_OTHER_THREADS + 1, connect_args=arguments
    )


def connection_arguments(url: URL, **others: object) -> dict[str, Any]:
    """What a PostgreSQL driver is told besides `url`, so that it notices a host that is gone, and `others`."""
    known = {"connect_timeout": _CONNECT_S, **_SILENCE, **others}
    # What the address says itself goes first.
    return {name: value for name, value in known.items() if name not in url.query}


def _prepare_sqlite(connection: Any, _: object) -> None:
    # Python's driver would begin transactions by itself, and not before DDL; SQLAlchemy's "begin" event does it for us.
    connection.isolation_level = None
    cursor = connection.cursor()
    # Before WAL is switched on: that too may have to wait for another process.
    cursor.execute(f"PRAGMA busy_timeout = {_PATIENCE_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    # FULL: what was committed, a rating that was acknowledged, survives a power cut.
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_to_write(connection: Connection) -> None:
    # A transaction that begins by reading and then writes can fail at once when another wrote in between.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
