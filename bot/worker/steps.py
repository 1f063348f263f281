"""The steps of a job. Each may be done again at any time: what is done already is found and left as it is."""

import hashlib
import json
import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.errors import LearningError
from bot.poets.gate import Figures, Limits, Verdict, judge, unmeasured
from bot.poets.store import ModelStore
from bot.storage import Database
from bot.storage.learning import JobState, end_job, job_named, learned_until, note_stage, take_up
from bot.storage.models import LearningJob
from bot.storage.ratings import collect
from bot.storage.versions import (
    Alias,
    State,
    add_version,
    called,
    challenge,
    elders_of,
    note_metrics,
    promote,
)
from bot.worker.contracts import Advance, Examiner, JobStopped, Tuned, Tuner, TuningTask
from bot.worker.workplace import JobFolder, Workplace
from poetcore.errors import PackageError, StorageError
from poetcore.files import write_whole
from poetcore.generation import Poet
from poetcore.package import read_package

# How often a job says how far it is, and looks whether it should stop.
_TELL_EVERY_S: Final = 2.0

_log = logging.getLogger(__name__)

Json = dict[str, Any]


@dataclass(frozen=True)
class Terms:
    """What the operator decides."""

    data: Path
    """Folder of the prepared corpus."""
    limits: Limits
    least_ratings: int
    promote: bool
    """Whether what passes the gate serves at once; otherwise it waits for an administrator's word."""


@dataclass(frozen=True)
class Steps:
    """The steps and what they work with."""

    database: Database
    store: ModelStore
    tuner: Tuner
    examiner: Examiner
    workplace: Workplace
    worker: str
    terms: Terms

    def take_up(self, job_id: str) -> None:
        """Make the job this worker's: at its beginning, after a restart, or from a worker that is gone.

        Raises `JobStopped` if it has ended.
        """
        self.database.transact(partial(_take_up, job_id=job_id, worker=self.worker))

    def collect(self, job_id: str) -> None:
        """Write the ratings down; raises `LearningError` if there are too few."""
        self._ratings(self._job(job_id))
        self._stage(job_id, "collected")

    def tune(self, job_id: str) -> None:
        """Fine-tune; goes on from the last checkpoint."""
        self._tuned(self._job(job_id))

    def publish(self, job_id: str) -> Json:
        """Put the new poet into the store, whole or not at all.

        Returns its version and digest, and how this very poet came about: another worker than the one that did the
        steps before makes its own.
        """
        job = self._job(job_id)
        tuned = self._tuned(job)
        self._stage(job_id, "publishing")
        card, digest = self.store.publish(self.workplace.job(job_id).package)
        made = {"ratings": self._ratings(job), "curve": [list(point) for point in tuned.curve]}
        return {"version": card.version, "digest": digest, "base": _base(job), **made, "summary": tuned.summary}

    def examine(self, job_id: str, published: Json) -> Json:
        """Measure the poet that is published beside the one it came from; figures, verdict and ten paired poems."""
        job = self._job(job_id)
        before, after = self.store.folder(_base(job)), self.store.folder(published["version"])
        tell = self._teller(job_id, "examining")
        # What is wrong with the old poet, or with the folder of all of them, is not held against the new one.
        self._checked(before)
        try:
            self.store.load(published["version"], published["digest"])
            found = self.examiner.examine(before, after, tell)
        except PackageError as error:
            _raise_if_out_of_reach(error)
            # A folder that went away in the meantime is of no reader's concern either.
            self._checked(before)
            return {"before": None, "after": None, "pairs": [], "verdict": unmeasured(str(error)).as_dict()}
        verdict = judge(found.before, found.after, self.terms.limits, self._founder(_base(job), tell))
        figures = {"before": found.before.model_dump(), "after": found.after.model_dump()}
        return {**figures, "pairs": [list(pair) for pair in found.pairs], "verdict": verdict.as_dict()}

    def decide(self, job_id: str, published: Json, examined: Json) -> str:
        """Promote the version or keep it back, and end the job: all in one transaction. What was decided."""
        verdict = Verdict.of(examined["verdict"])
        report = {**{name: published[name] for name in ("ratings", "curve", "summary")}, **examined}
        row = {
            "version": published["version"],
            "digest": published["digest"],
            "parent": published["base"],
            "job_id": job_id,
            "state": State.PASSED.value if verdict.passed else State.REFUSED.value,
            "data_fingerprint": published["ratings"]["fingerprint"],
            "metrics": examined["after"] or {},
            "verdict": examined["verdict"],
        }
        decision: str = self.database.transact(
            partial(_decide, worker=self.worker, row=row, report=report, may_promote=self.terms.promote)
        )
        self.workplace.tidy()
        return decision

    def end(self, job_id: str, state: str, error: str | None) -> None:
        """End a job that came to nothing, unless it is another worker's by now."""
        work = partial(end_job, job_id=job_id, state=JobState(state), worker=self.worker, known={"error": error})
        self.database.transact(work)
        self.workplace.tidy()

    def _job(self, job_id: str) -> LearningJob:
        """The job; raises `JobStopped` if it has ended, was cancelled, or is another worker's."""
        job = self.database.transact(partial(job_named, job_id=job_id))
        if job is None or job.active is None or job.cancel_asked or job.worker != self.worker:
            raise JobStopped
        return job

    def _ratings(self, job: LearningJob) -> Json:
        """What is known of the ratings in the job's folder: they were there, or are collected, for folders get lost."""
        folder = self.workplace.job(job.id)
        if folder.ratings.exists() and folder.collected.exists():
            known: Json = json.loads(folder.collected.read_bytes())
            return known
        collected, until = self.database.transact(lambda session: (collect(session), learned_until(session)))
        if len(collected.lines) < self.terms.least_ratings:
            raise LearningError(
                f"there are {len(collected.lines)} ratings, fine-tuning needs {self.terms.least_ratings} at least "
                "(YUEXIA_LEARN_LEAST)"
            )
        known = {
            "ratings": len(collected.lines),
            "raters": collected.raters,
            "fingerprint": collected.fingerprint,
            "until": until.isoformat() if until else None,
        }
        write_whole(folder.ratings, collected.as_jsonl())
        write_whole(folder.collected, json.dumps(known))
        return known

    def _tuned(self, job: LearningJob) -> Tuned:
        """The new poet is in the job's folder when this returns: it was there, or is made, as the ratings are."""
        self._ratings(job)
        folder = self.workplace.job(job.id)
        known = _tuned_before(folder)
        if known is not None:
            return known
        task = TuningTask(
            base=self.store.folder(_base(job)),
            ratings=folder.ratings,
            data=self.terms.data,
            run=folder.run,
            version=_version_of(job, self.worker),
        )
        # What serves was checked when it was published; what is learned from must be whole too.
        self._checked(task.base)
        tuned = self.tuner.tune(task, self._teller(job.id, "tuning"))
        read_package(folder.package)
        write_whole(folder.tuned, json.dumps(asdict(tuned), ensure_ascii=False))
        return tuned

    def _founder(self, base: str, tell: Callable[[Advance], None]) -> Figures | None:
        """The figures of the first of `base`'s line that can be measured; None if that is `base` itself.

        They are kept with the version, for as long as the yardstick is the same.
        """
        elders = self.database.transact(partial(elders_of, version=base))
        for elder in elders:
            kept = elder.metrics.get("gate", {})
            if kept.get("yardstick") == self.examiner.yardstick:
                return Figures(**kept["figures"])
            try:
                figures = self.examiner.measure(self.store.folder(elder.version), tell)
            except PackageError as error:
                _raise_if_out_of_reach(error)
                # Folders of old versions may be deleted: the next one stands for the line then.
                _log.warning("the first poet of the line is not there: %s", error)
                continue
            measured = {"gate": {"yardstick": self.examiner.yardstick, "figures": figures.model_dump()}}
            self.database.transact(partial(note_metrics, version=elder.version, measured=measured))
            return figures
        return None

    def _checked(self, package: Path) -> None:
        """Raises `PackageError` if a poet is missing or torn, `StorageError` if its folder cannot be read just now."""
        try:
            Poet.load(package)
        except PackageError as error:
            _raise_if_out_of_reach(error)
            raise

    def _stage(self, job_id: str, stage: str, progress: Json | None = None) -> None:
        work = partial(note_stage, job_id=job_id, worker=self.worker, stage=stage, progress=progress)
        if not self.database.transact(work):
            raise JobStopped

    def _teller(self, job_id: str, stage: str) -> Callable[[Advance], None]:
        told = float("-inf")

        def tell(advance: Advance) -> None:
            nonlocal told
            if time.monotonic() - told < _TELL_EVERY_S:
                return
            told = time.monotonic()
            try:
                self._stage(job_id, stage, asdict(advance))
            # A database that is locked or away for a moment must not end an hour of training.
            except SQLAlchemyError as error:
                _log.warning("progress of %s not noted: %s", job_id, type(error).__name__)

        return tell


def _raise_if_out_of_reach(error: PackageError) -> None:
    """Raises `StorageError` if a package could not be read for its folder's sake, which may pass: a mount that is away.

    A file that is missing is the package's own fault, as one that is torn.
    """
    cause = error.__cause__
    if isinstance(cause, OSError) and not isinstance(cause, FileNotFoundError):
        raise StorageError(str(error)) from error


def _take_up(session: Session, job_id: str, worker: str) -> None:
    champion = called(session, Alias.CHAMPION)
    if champion is None:
        raise LearningError("no poet is registered yet: start the bot once (poetbot run) before its worker")
    if not take_up(session, job_id, worker, champion.version):
        raise JobStopped


def _decide(session: Session, worker: str, row: Json, report: Json, may_promote: bool) -> str:
    job_id, version, by = row["job_id"], row["version"], "worker"
    # The job's row is locked: who asks it to stop from here on is answered that it has ended.
    job = session.get(LearningJob, job_id, with_for_update=True, populate_existing=True)
    if job is not None and job.active is not None and job.cancel_asked:
        raise JobStopped
    # The version's row is the mark that this was done: a second time finds it, and changes nothing.
    if not add_version(session, row):
        return str((job.report or {}).get("decision")) if job else "unknown"
    promoted = row["state"] == State.PASSED and may_promote and promote(session, version, by, only_after=row["parent"])
    if promoted:
        decision = "promoted"
    elif row["state"] == State.PASSED:
        challenge(session, version, by)
        decision = "waits"
    else:
        decision = "refused"
    ratings = report["ratings"]
    known = {
        "version": version,
        "report": {**report, "decision": decision},
        "ratings_until": datetime.fromisoformat(ratings["until"]) if ratings["until"] else None,
        "ratings_fingerprint": ratings["fingerprint"],
    }
    if not end_job(session, job_id, JobState.DONE, worker, known):
        raise JobStopped
    return decision


def _tuned_before(folder: JobFolder) -> Tuned | None:
    """What is known of the poet in `folder`; None if there is none yet, or it is not whole."""
    try:
        read_package(folder.package)
        stored = json.loads(folder.tuned.read_bytes())
        return Tuned(tuple((int(step), float(loss)) for step, loss in stored["curve"]), stored["summary"])
    except (PackageError, OSError, ValueError, KeyError):
        return None


def _base(job: LearningJob) -> str:
    if job.base_version is None:
        raise LearningError(f"job {job.id} has no version to start from")
    return job.base_version


def _version_of(job: LearningJob, worker: str) -> str:
    """The new version's name: the same whenever this worker does this job, and another one's for another worker."""
    mark = hashlib.sha256(f"{job.id} {worker}".encode()).hexdigest()[:6]
    return f"learned-{job.asked_at:%Y%m%d-%H%M%S}-{mark}"
