"""Several pieces of work in one transaction, each whole or not at all by itself.

A commit that survives a power cut waits for the disk, 4 ms on the one this was written on, however much or little it
holds. What waits for its turn meanwhile is therefore committed together; nobody hears that their work is done before.
"""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from threading import Lock
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

Result = TypeVar("Result")

# The first of them waits for the last, some 50 ms.
_AT_ONCE: Final = 64


class _Job:
    """A piece of work, what came of it, and who waits to hear."""

    __slots__ = ("_result", "future", "work")

    def __init__(self, work: Callable[[Session], Any]) -> None:
        self.work = work
        self.future: Future[Any] = Future()
        self._result: tuple[Any, Exception | None] = (None, None)

    def do(self, connection: Connection) -> None:
        """Do the work inside the transaction of `connection`; work that raises leaves no trace in it."""
        # A savepoint of its own: what fails takes nothing else with it.
        session = Session(connection, expire_on_commit=False, join_transaction_mode="create_savepoint")
        try:
            with session, session.begin():
                self._result = (self.work(session), None)
        except Exception as error:  # noqa: BLE001 it is handed to whoever waits for the work
            self._result = (None, _first(error))

    @property
    def error(self) -> Exception | None:
        """What the work raised."""
        return self._result[1]

    def tell(self) -> None:
        """The transaction is committed: say what came of the work."""
        result, error = self._result
        if error is not None:
            self.future.set_exception(error)
        else:
            self.future.set_result(result)


class SharedCommits:
    """Takes work from any thread, and has it done in one thread of `executor`."""

    def __init__(self, engine: Engine, executor: Executor) -> None:
        self._engine = engine
        self._executor = executor
        self._lock = Lock()
        self._waiting: deque[_Job] = deque()
        self._at_work = False

    def add(self, work: Callable[[Session], Result]) -> "Future[Result]":
        """Have `work` done; the future ends when it is committed, or with what it or the commit raised."""
        job = _Job(work)
        with self._lock:
            self._waiting.append(job)
            begins, self._at_work = not self._at_work, True
        if begins:
            # Once for all that comes while it works: handing over to a thread costs as much as a statement.
            self._executor.submit(self._work)
        return job.future

    def _work(self) -> None:
        while taken := self._take():
            jobs = [job for job in taken if job.future.set_running_or_notify_cancel()]
            if jobs:
                self._commit(jobs)

    def _take(self) -> list[_Job]:
        with self._lock:
            taken = [self._waiting.popleft() for _ in range(min(_AT_ONCE, len(self._waiting)))]
            self._at_work = bool(taken)
        return taken

    def _commit(self, jobs: Sequence[_Job]) -> None:
        try:
            with self._engine.begin() as connection:
                for job in jobs:
                    job.do(connection)
                    _check(connection, job)
        # A locked database, a full disk: nothing is kept, and everyone hears it.
        except Exception as error:  # noqa: BLE001 it is handed to whoever waits for the work
            for job in jobs:
                job.future.set_exception(error)
            return
        for job in jobs:
            job.tell()


def _first(error: Exception) -> Exception:
    """The error that the others followed from: on a full disk, going back to the savepoint fails too."""
    while isinstance(error.__context__, SQLAlchemyError):
        error = error.__context__
    return error


def _check(connection: Connection, job: _Job) -> None:
    """Raise the job's error if SQLite gave up the whole transaction for it, as on a full disk.

    The next savepoint would otherwise begin, and end, a transaction of its own.
    """
    if job.error is not None and not getattr(connection.connection.dbapi_connection, "in_transaction", True):
        raise job.error
