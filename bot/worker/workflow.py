"""The job as a durable workflow (DBOS): after a crash it goes on behind the last step that was finished.

Values between steps are JSON; nothing is pickled. Pinned are the application's version, so that a new release goes on
with an old one's job, and the executor's id, by which DBOS finds what its process left unfinished.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from dbos import (
    DBOS,
    DBOSConfig,
    DBOSConfiguredInstance,
    DBOSPortableJSONSerializer,
    SetWorkflowID,
    StepOptions,
    WorkflowStatusString,
)
from dbos import error as dbos_error
from sqlalchemy import URL
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from bot.errors import LearningError
from bot.storage.database import connection_arguments, unusable
from bot.worker.contracts import JobStopped
from bot.worker.steps import Json, Steps
from poetcore.errors import PoetcoreError, StorageError

_QUEUE: Final = "fine-tuning"
# Stays: a job that an earlier release began goes on, or fails at a step that is not the one it knows.
_WORKFLOW_VERSION: Final = "1"
# A database that restarts, a disk that is full: tried for two minutes in all.
_ATTEMPTS: Final = 8
# A job that ends its process so often will do so again.
_MOST_RECOVERIES: Final = 20
_ENDED: Final = frozenset(
    {
        WorkflowStatusString.SUCCESS.value,
        WorkflowStatusString.ERROR.value,
        WorkflowStatusString.CANCELLED.value,
        WorkflowStatusString.MAX_RECOVERY_ATTEMPTS_EXCEEDED.value,
    }
)

_log = logging.getLogger(__name__)


class NotRecorded(BaseException):
    """The workflows' database took no record of a step; DBOS, which catches what is an `Exception`, ends nothing then.

    The workflow is left as if its process had died, and `bot.worker.service.Watch` has it gone on with.
    """


@DBOS.dbos_class()
class Learning(DBOSConfiguredInstance):
    """The workflow, and the steps that it strings together."""

    def __init__(self, steps: Steps, patience_s: float) -> None:
        self._steps = steps
        self._patience_s = patience_s
        self.at_work: set[str] = set()
        """The jobs that this process is doing."""
        super().__init__("learning")

    @DBOS.workflow(name="learn", max_recovery_attempts=_MOST_RECOVERIES)
    def learn(self, job_id: str) -> str:
        """Do a job from its first step that is not finished; what came of it."""
        self.at_work.add(job_id)
        try:
            return self._learn(job_id)
        finally:
            self.at_work.discard(job_id)

    def _learn(self, job_id: str) -> str:
        steps = self._steps
        try:
            self._anew(steps.take_up, job_id)
            self._step("collect", steps.collect, job_id)
            self._step("tune", steps.tune, job_id)
            published: Json = self._step("publish", steps.publish, job_id)
            # What is measured lies in the store: whoever goes on from here decides on that very poet.
            examined: Json = self._step("examine", steps.examine, job_id, published)
            return str(self._step("decide", steps.decide, job_id, published, examined))
        except Exception as error:  # noqa: BLE001 whatever it is, the job must not stay open
            state, sentence = _outcome(error)
            self._anew(steps.end, job_id, state, sentence)
            return state

    def _anew(self, work: Callable[..., None], *arguments: Any) -> None:
        """Do what is done each time that somebody goes on, and tried as often as a step, but is none.

        DBOS numbers the steps as they come: one more than the last time would meet the record of another.
        """
        for attempt in range(_ATTEMPTS - 1):
            try:
                return work(*arguments)
            except SQLAlchemyError as error:
                _log.warning("job %s: the database does not answer (%s)", arguments[0], type(error).__name__)
                time.sleep(self._patience_s * 2**attempt)
        return work(*arguments)

    def _step(self, name: str, work: Callable[..., Any], *arguments: Any) -> Any:
        options: StepOptions = {
            "name": name,
            "retries_allowed": True,
            "max_attempts": _ATTEMPTS,
            "interval_seconds": self._patience_s,
            "should_retry": _may_pass,
        }
        _log.info("job %s: %s", arguments[0], name)
        try:
            return DBOS.run_step(options, work, *arguments)
        except OperationalError as error:
            # Those of the step itself come as DBOSMaxStepRetriesExceeded. Most likely a full disk: on SQLite DBOS waits
            # for locks alone. A step may be done again, and its result is in the job's folder.
            _log.error(
                "job %s: what came of %s cannot be written down (%s); make room, and it goes on within minutes",
                *(arguments[0], name, error.orig),
            )
            raise NotRecorded from error


@contextmanager
def launched(steps: Steps, database: URL, patience_s: float = 1.0, poll_s: float = 1.0) -> Iterator[Learning]:
    """DBOS at work on its tables in `database`; what this worker left unfinished goes on at once.

    Raises `DatabaseError` if it cannot be opened.
    `patience_s`: how long a step that failed for the disk's or the database's sake waits first, then twice as long
    each time; `poll_s`: how often the queue is looked at.
    """
    # It would write to stderr by itself, past the cover over secrets.
    logging.getLogger("dbos").addHandler(logging.NullHandler())
    logging.getLogger("dbos").setLevel(logging.WARNING)
    config: DBOSConfig = {
        "name": "yuexia",
        "system_database_url": database.render_as_string(hide_password=False),
        "application_version": _WORKFLOW_VERSION,
        "executor_id": steps.worker,
        "serializer": DBOSPortableJSONSerializer(),
        "log_level": "WARNING",
        "enable_otlp": False,
    }
    if database.get_backend_name() == "postgresql":
        config["db_engine_kwargs"] = {"connect_args": connection_arguments(database, application_name="yuexia-worker")}
    DBOS(config=config)
    learning = Learning(steps, patience_s)
    try:
        _launch(database, poll_s)
        yield learning
    finally:
        DBOS.destroy(destroy_registry=False)


def _launch(database: URL, poll_s: float) -> None:
    log = logging.getLogger("dbos")
    # It would log, with a traceback, what it raises.
    log.disabled = True
    try:
        DBOS.launch()
        # One at a time on all machines; a job whose worker died holds its place until somebody goes on with it.
        DBOS.register_queue(
            _QUEUE,
            global_concurrency=1,
            worker_concurrency=1,
            polling_interval_sec=poll_s,
            on_conflict="always_update",
        )
    except SQLAlchemyError as error:
        raise unusable(database, error) from error
    finally:
        log.disabled = False


def enqueue(learning: Learning, job_id: str) -> None:
    """Have a job done by whichever worker comes first; once, however often it is asked for."""
    with SetWorkflowID(job_id):
        DBOS.enqueue_workflow(_QUEUE, learning.learn, job_id)


def has_ended(job_id: str) -> bool:
    """Whether DBOS is through with a job, well or not; it then never goes on with it."""
    status = DBOS.get_workflow_status(job_id)
    return status is not None and status.status in _ENDED


@dataclass(frozen=True)
class Begun:
    """A workflow that has the queue's one place: it runs, or its worker died."""

    job_id: str
    worker: str


def begun() -> list[Begun]:
    """The workflows that have left the queue and have not ended, on all machines."""
    pending = DBOS.list_workflows(
        status=WorkflowStatusString.PENDING.value, queue_name=_QUEUE, load_input=False, load_output=False
    )
    return [Begun(workflow.workflow_id, workflow.executor_id or "") for workflow in pending]


def go_on_with(job_id: str) -> None:
    """Take a job over whose worker is gone: the queue hands it out anew, from its last finished step."""
    DBOS.resume_workflow(job_id, queue_name=_QUEUE)


def put_away(job_id: str) -> None:
    """Let a workflow go whose job has ended: the next one may have its place."""
    DBOS.cancel_workflow(job_id)


def _may_pass(error: BaseException) -> bool:
    """Whether it is the trouble of a database, a disk or a mount; a file that is missing stays so."""
    is_missing = isinstance(error, FileNotFoundError)
    return isinstance(error, SQLAlchemyError | StorageError | OSError) and not is_missing


def _outcome(error: Exception) -> tuple[str, str | None]:
    """The state and the sentence for what ended a job."""
    tried = getattr(error, "errors", None)
    if isinstance(error, dbos_error.DBOSMaxStepRetriesExceeded) and tried:
        error = tried[-1]
    if isinstance(error, JobStopped) or getattr(error, "name", None) == JobStopped.__name__:
        return "cancelled", None
    if isinstance(error, PoetcoreError | LearningError):
        return "failed", str(error)
    _log.error("the job failed", exc_info=error)
    # An error of the database holds its statement; the first line says enough.
    return "failed", f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}".strip(": ")
