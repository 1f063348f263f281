"""The worker's life: take the folder, go on with what was begun, then do one job after the other until told to stop.

It may be killed at any moment, and stopping it is little else: what it was doing goes on when it is started again.
"""

import logging
import os
import platform
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from bot.errors import BotSettingsError
from bot.poets.gate import Limits
from bot.poets.store import FolderStore
from bot.settings import Settings
from bot.storage import Database
from bot.storage.learning import JobState, active_job, beat, end_job, leave, workers
from bot.storage.models import LearningJob
from bot.worker.contracts import Examiner, Tuner
from bot.worker.steps import Steps, Terms
from bot.worker.workflow import Begun, Learning, begun, enqueue, go_on_with, has_ended, launched, put_away
from bot.worker.workplace import Workplace
from poetcore.errors import PreparedCorpusError

BEAT_EVERY_S: Final = 5.0
# A worker that has not counted for so long, as seen by another one, is gone.
GONE_AFTER_S: Final = 120.0

_log = logging.getLogger(__name__)


def check_data(settings: Settings) -> Path:
    """The corpus's folder; raises `BotSettingsError` that says how to make one if YUEXIA_DATA names none."""
    if settings.data is None:
        raise BotSettingsError(
            "YUEXIA_DATA is not set: fine-tuning mixes the poems of the corpus in; make it with "
            "poet prepare CHINESE_POETRY --out DIR and set YUEXIA_DATA to DIR"
        )
    from poetcore.corpus import PreparedCorpus

    try:
        PreparedCorpus.load(settings.data)
    except PreparedCorpusError as error:
        raise BotSettingsError(f"YUEXIA_DATA names no corpus that is whole: {error}") from error
    return settings.data


def serve(
    settings: Settings, database: Database, tuner: Tuner, examiner: Examiner, announce: Callable[[str], None]
) -> None:
    """Work until SIGINT or SIGTERM; `announce` gets one line when the worker is ready.

    Raises `LearningError` if another worker has this folder, `BotSettingsError` for a corpus that is none.
    """
    data = check_data(settings)
    workplace = Workplace(settings.home / "worker")
    with workplace.taken() as name:
        steps = Steps(
            database, FolderStore(settings.poets_folder), tuner, examiner, workplace, name, _terms(settings, data)
        )
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        _leave_old_place(workplace)
        with launched(steps, system_database(settings)) as learning:
            announce(f"worker {name} waits for work")
            Watch(database, learning, name, workplace).until(stop)
            _leave(database, name)
            # Training does not end at a word; the process does, and goes on from its checkpoint the next time.
            logging.shutdown()
            os._exit(0)


def system_database(settings: Settings) -> URL:
    """Where the workflows are kept: beside SQLite in a file of its own, in PostgreSQL in a schema of its own.

    All workers of a database have one queue, whichever YUEXIA_HOME is theirs.
    """
    url = settings.database
    if url.get_backend_name() == "sqlite":
        file = Path(url.database or "").absolute()
        return URL.create("sqlite", database=str(file.with_name(f"{file.stem}-workflows.db")))
    return url


def _leave_old_place(workplace: Workplace) -> None:
    """Delete the workflows where earlier releases kept them: in each worker's own folder.

    A job that is under way there begins anew, and finds its ratings and checkpoints in its folder.
    """
    for rest in ("", "-wal", "-shm", "-journal"):
        (workplace.root / f"workflows.db{rest}").unlink(missing_ok=True)


@dataclass
class Watch:
    """Looks every few seconds for a job to begin, one to give up, or one that nobody is at any more."""

    database: Database
    learning: Learning
    worker: str
    workplace: Workplace
    gone_after_s: float = GONE_AFTER_S
    clock: Callable[[], float] = time.monotonic
    """Counts seconds and never jumps."""
    _seen: dict[str, tuple[int, float]] = field(default_factory=dict)
    _idle: dict[str, float] = field(default_factory=dict)
    """Since when this worker has workflows that it is not doing."""
    _beaten_at: float | None = None

    def until(self, stop: threading.Event) -> None:
        """Go on until `stop` is set."""
        while not stop.is_set():
            try:
                self.look()
            except SQLAlchemyError as error:
                _log.warning("the database does not answer (%s); trying again", type(error).__name__)
            stop.wait(BEAT_EVERY_S)

    def look(self) -> None:
        """Say that this worker lives, then see to the active job."""
        self._beat()
        # Before the job: one that has ended by then does not become active again.
        left = [one for one in begun() if self._is_left(one)]
        job = self.database.transact(active_job)
        # A worker that died right behind its last step has left the readers' ratings lying here.
        self.workplace.tidy([job.id] if job else [])
        for one in left:
            self._take_over(one, job)
        if job is None:
            return
        if has_ended(job.id):
            self._give_up(job)
        else:
            enqueue(self.learning, job.id)

    def _is_left(self, one: Begun) -> bool:
        """Whether nobody is at a workflow: its worker is gone, or is this one, and could not write of it.

        On a full disk neither a step nor the workflow's end is written down, nor that it is begun anew at a start.
        """
        if one.worker != self.worker:
            return self._is_gone(one.worker)
        if one.job_id in self.learning.at_work:
            self._idle.pop(one.job_id, None)
            return False
        return self.clock() - self._idle.setdefault(one.job_id, self.clock()) > self.gone_after_s

    def _take_over(self, left: Begun, job: LearningJob | None) -> None:
        """See to a workflow that nobody is at; it may have been left before the job was taken up, or behind its end."""
        if job is not None and job.id == left.job_id:
            go_on_with(left.job_id)
            _log.warning("worker %s is not at job %s; going on with it", left.worker, left.job_id)
        else:
            put_away(left.job_id)
            _log.warning("worker %s is not at job %s, which has ended; putting it away", left.worker, left.job_id)
        self._seen.pop(left.worker, None)
        self._idle.pop(left.job_id, None)

    def _beat(self) -> None:
        silent_s = 0.0 if self._beaten_at is None else self.clock() - self._beaten_at
        if silent_s > self.gone_after_s / 2:
            # Asleep or cut off for so long, it may count as gone, and another one may be at its job.
            _log.error("was silent for %.0f s; ending, so that no job is done twice: start again", silent_s)
            logging.shutdown()
            os._exit(1)
        self.database.transact(partial(beat, worker=self.worker, machine=_machine()))
        self._beaten_at = self.clock()

    def _give_up(self, job: LearningJob) -> None:
        """The workflow ended without ending its job: it was begun again too often, or could not even say so.

        One that another worker has is that one's to give up, as long as it lives.
        """
        if job.worker not in (None, self.worker) and not self._is_gone(job.worker):
            return
        known = {"error": "the job was given up after many attempts; the worker's log says why"}
        work = partial(end_job, job_id=job.id, state=JobState.FAILED, worker=job.worker, known=known)
        if self.database.transact(work):
            _log.error("job %s was given up", job.id)

    def _is_gone(self, worker: str) -> bool:
        """Whether another worker has stopped counting, seen with this machine's clock alone."""
        rows = {row.name: row.beats for row in self.database.transact(workers)}
        beats = rows.get(worker, -1)
        if self._seen.get(worker, (None, 0.0))[0] != beats:
            self._seen[worker] = (beats, self.clock())
        return self.clock() - self._seen[worker][1] > self.gone_after_s


def _terms(settings: Settings, data: Path) -> Terms:
    limits = Limits(
        bits=settings.gate_bits,
        form=settings.gate_form,
        diversity=settings.gate_diversity,
        copied=settings.gate_copied,
        latency=settings.gate_latency,
        founder_bits=settings.gate_founder_bits,
        founder_diversity=settings.gate_founder_diversity,
    )
    return Terms(data, limits, settings.learn_least, promote=settings.promote == "auto")


def _leave(database: Database, name: str) -> None:
    with suppress(SQLAlchemyError):
        database.transact(partial(leave, worker=name))


def _machine() -> str:
    return f"{platform.node()}, {os.cpu_count()} cores"
