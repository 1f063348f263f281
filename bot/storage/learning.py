"""The jobs that make new versions, the workers that do them, and the moments of the schedule."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from bot.storage.models import LearningJob, LearningSlot, LearningWorker, Rating, UtcDateTime, now
from bot.storage.ratings import count_since
from bot.storage.upserts import insert_or_ignore, insert_or_update

# A worker counts every five seconds; one that has not for this long is said not to run.
SILENT: Final = timedelta(seconds=60)
# A bot that sends a report says so anew with each of its messages, and tries one for three minutes at most.
REPORT_LEASE: Final = timedelta(minutes=10)
# A worker that is silent for so long does not come back; if it does, it is a new one.
WORKERS_KEPT: Final = timedelta(days=30)
# How far back a moment of the schedule is looked for: it is decided on once, so it is known for longer.
LOOKED_BACK: Final = timedelta(days=366)
SLOTS_KEPT: Final = LOOKED_BACK + timedelta(days=30)


class JobState(StrEnum):
    """How far a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Cause(StrEnum):
    """Why a job was begun."""

    WEEKLY = "weekly"
    RATINGS = "ratings"
    ADMINISTRATOR = "administrator"
    COMMAND = "command"


@dataclass(frozen=True)
class Wish:
    """A job to be begun, and who waits for its report where."""

    job_id: str
    cause: Cause
    asked_by: int | None = None
    chat_id: int | None = None


class Cancelled(StrEnum):
    """What asking a job to stop did."""

    NOTHING = "nothing"
    AT_ONCE = "at once"
    SOON = "soon"


def begin_job(session: Session, wish: Wish) -> bool:
    """Queue a job; False if one is queued or running, or this one was begun before."""
    row = {"id": wish.job_id, "cause": wish.cause.value, "asked_by": wish.asked_by, "chat_id": wish.chat_id}
    fresh = {"active": 1, "state": JobState.QUEUED.value, "asked_at": now(), "cancel_asked": False}
    return insert_or_ignore(session, LearningJob, row | fresh)


def active_job(session: Session) -> LearningJob | None:
    """The job that is queued or running."""
    return session.scalars(select(LearningJob).where(LearningJob.active == 1)).first()


def job_named(session: Session, job_id: str) -> LearningJob | None:
    """A job by its id."""
    return session.get(LearningJob, job_id, populate_existing=True)


def last_jobs(session: Session, count: int = 10) -> list[LearningJob]:
    """The last jobs, the youngest first."""
    return list(session.scalars(select(LearningJob).order_by(LearningJob.asked_at.desc()).limit(count)))


def take_up(session: Session, job_id: str, worker: str, base_version: str) -> bool:
    """A worker begins a job, goes on with it, or takes it over from one that is gone; False if it has ended.

    The version it starts from is fixed by the first that takes it up.
    """
    job = session.get(LearningJob, job_id, with_for_update=True, populate_existing=True)
    if job is None or job.active is None:
        return False
    job.state, job.worker = JobState.RUNNING, worker
    job.base_version = job.base_version or base_version
    return True


def note_stage(session: Session, job_id: str, worker: str, stage: str, progress: dict[str, Any] | None = None) -> bool:
    """Say how far a job is; False if it should stop: it was cancelled, has ended, or is another worker's now."""
    job = session.get(LearningJob, job_id, with_for_update=True, populate_existing=True)
    if job is None or job.active is None or job.worker != worker or job.cancel_asked:
        return False
    job.stage, job.progress = stage, progress
    return True


def end_job(
    session: Session, job_id: str, state: JobState, worker: str | None, known: dict[str, Any] | None = None
) -> bool:
    """End `worker`'s job with what is known of it; None: one that no worker has begun.

    False, and nothing is changed, if it has ended already or is another worker's.
    """
    job = session.get(LearningJob, job_id, with_for_update=True, populate_existing=True)
    if job is None or job.active is None or job.worker != worker:
        return False
    job.active, job.state, job.ended_at = None, state, now()
    for name, value in (known or {}).items():
        setattr(job, name, value)
    return True


def cancel_job(session: Session) -> tuple[Cancelled, str | None]:
    """Ask the active job to stop; one that no worker has begun, or none that is heard of, stops at once.

    Its id comes with the answer. Should the worker live after all, it finds that the job has ended.
    """
    job = session.scalars(select(LearningJob).where(LearningJob.active == 1).with_for_update()).first()
    if job is None:
        return Cancelled.NOTHING, None
    if job.worker is None or silence_of(session, job) is not None:
        end_job(session, job.id, JobState.CANCELLED, job.worker)
        return Cancelled.AT_ONCE, job.id
    job.cancel_asked = True
    return Cancelled.SOON, job.id


def unreported(session: Session) -> list[LearningJob]:
    """Ended jobs whose report was not sent yet."""
    query = select(LearningJob).where(LearningJob.ended_at.is_not(None), LearningJob.reported_at.is_(None))
    return list(session.scalars(query.order_by(LearningJob.ended_at)))


def claim_report(session: Session, job_id: str) -> LearningJob | None:
    """Take it on oneself to send a job's report, or what is left of it; None if it was sent, or another bot is at it.

    A bot that dies meanwhile loses its claim after `REPORT_LEASE`.
    """
    moment = shared_now(session)
    claiming = update(LearningJob).where(
        LearningJob.id == job_id,
        LearningJob.reported_at.is_(None),
        # A moment in the future was set by a clock that was wrong.
        or_(
            LearningJob.report_claimed_at.is_(None),
            ~LearningJob.report_claimed_at.between(moment - REPORT_LEASE, moment),
        ),
    )
    if session.connection().execute(claiming.values(report_claimed_at=moment)).rowcount != 1:
        return None
    return job_named(session, job_id)


def note_told(session: Session, job_id: str, message: str) -> None:
    """Note that one message of a report is through: it is not sent again."""
    job = session.get_one(LearningJob, job_id, with_for_update=True, populate_existing=True)
    job.told, job.report_claimed_at = [*(job.told or ()), message], shared_now(session)


def give_report_back(session: Session, job_id: str) -> None:
    """Leave what was not sent of a report to whoever comes next."""
    session.execute(update(LearningJob).where(LearningJob.id == job_id).values(report_claimed_at=None))


def end_report(session: Session, job_id: str) -> None:
    """Note that all of a report is through."""
    session.execute(update(LearningJob).where(LearningJob.id == job_id).values(reported_at=now()))


def claim_progress(session: Session, job_id: str, text: str, every: timedelta) -> bool:
    """Whether `text` is to be shown now as a job's progress, and by this process.

    False if the job has ended, if this is what is shown, or if some bot showed progress less than `every` ago.
    """
    moment = shared_now(session)
    showing = update(LearningJob).where(
        LearningJob.id == job_id,
        LearningJob.active == 1,
        LearningJob.message_id.is_not(None),
        or_(LearningJob.shown.is_(None), LearningJob.shown != text),
        # A moment in the future was set by a clock that was wrong.
        or_(LearningJob.shown_at.is_(None), ~LearningJob.shown_at.between(moment - every, moment)),
    )
    return session.connection().execute(showing.values(shown=text, shown_at=moment)).rowcount == 1


def show_in(session: Session, job_id: str, message_id: int | None) -> None:
    """Note which message shows a job's progress."""
    session.execute(update(LearningJob).where(LearningJob.id == job_id).values(message_id=message_id))


def beat(session: Session, worker: str, machine: str) -> None:
    """A worker says that it lives."""
    row, moment = session.get(LearningWorker, worker), shared_now(session)
    if row is None:
        first = {"name": worker, "beats": 1, "beat_at": moment, "machine": machine}
        insert_or_update(session, LearningWorker, first, {"beat_at", "machine"})
    else:
        row.beats, row.beat_at, row.machine = row.beats + 1, moment, machine


def leave(session: Session, worker: str) -> None:
    """A worker says that it ends."""
    row = session.get(LearningWorker, worker)
    if row is not None:
        session.delete(row)


def workers(session: Session) -> list[LearningWorker]:
    """All workers that did not say that they end."""
    return list(session.scalars(select(LearningWorker).order_by(LearningWorker.name)))


@dataclass(frozen=True)
class Heard:
    """All workers that did not say that they end. A clock that jumped parts them wrongly for a minute, nothing else."""

    lately: list[LearningWorker]
    not_lately: list[LearningWorker]


def heard(session: Session) -> Heard:
    """Which workers counted lately and which did not."""
    moment, known = shared_now(session), workers(session)
    lately = [worker for worker in known if abs(moment - worker.beat_at) < SILENT]
    return Heard(lately, [worker for worker in known if worker not in lately])


def worker_is_there(session: Session) -> bool:
    """Whether some worker counted lately."""
    return bool(heard(session).lately)


@dataclass(frozen=True)
class Silence:
    """That nothing is heard of the worker that has a job, or of any that could begin it."""

    worker: str | None
    """None: the job was not begun."""
    since: datetime | None
    """None: it said that it ends, or there is none."""
    has_heir: bool
    """Whether another worker runs, which takes the job over in a while."""


def silence_of(session: Session, job: LearningJob) -> Silence | None:
    """Whether nothing is heard of the worker that has a job, or has to begin it; None if all is well."""
    known = heard(session)
    if job.active is None or any(job.worker in (None, worker.name) for worker in known.lately):
        return None
    last = next((worker.beat_at for worker in known.not_lately if worker.name == job.worker), None)
    return Silence(job.worker, last, bool(known.lately))


@dataclass(frozen=True)
class News:
    """What there is to learn since the last fine-tuning."""

    ratings: int
    """Given or changed since."""
    last_fingerprint: str | None
    """Of the ratings that it learned from."""


def news(session: Session, moment: datetime) -> News:
    """What has come since the last job that learned from ratings, as seen at `moment`."""
    query = select(LearningJob).where(LearningJob.state == JobState.DONE, LearningJob.ratings_fingerprint.is_not(None))
    last = session.scalars(query.order_by(LearningJob.ended_at.desc())).first()
    if last is None:
        return News(count_since(session, None), None)
    # A watermark in the future was set by a clock that was wrong: it says nothing, and the fingerprint decides.
    known = last.ratings_until is not None and last.ratings_until <= moment
    # A rating that a clock ahead has stamped is learned from, but would be new at every look until its moment comes.
    fresh = count_since(session, last.ratings_until if known else None) - count_since(session, moment)
    return News(fresh, last.ratings_fingerprint)


def learned_until(session: Session) -> datetime | None:
    """The watermark of the ratings that there are: when the last was given that is not in the future."""
    return session.scalar(select(func.max(Rating.changed_at)).where(Rating.changed_at <= shared_now(session)))


def decide_slot(session: Session, due_at: datetime) -> bool:
    """Take the decision on a moment of the schedule; False if some bot took it before."""
    return insert_or_ignore(session, LearningSlot, {"due_at": due_at, "decided_at": now(), "job_id": None})


def note_slot_job(session: Session, due_at: datetime, job_id: str) -> None:
    """Note which job came of a moment of the schedule."""
    session.execute(update(LearningSlot).where(LearningSlot.due_at == due_at).values(job_id=job_id))


def has_slots(session: Session) -> bool:
    """Whether any moment of the schedule was ever decided on."""
    return session.scalars(select(LearningSlot.due_at).limit(1)).first() is not None


def forget_what_is_long_gone(session: Session) -> None:
    """Drop workers that do not come back, and moments of the schedule that nobody looks for; the last one stays.

    Without any, the next moment would count as this database's first look.
    """
    moment = shared_now(session)
    session.execute(delete(LearningWorker).where(LearningWorker.beat_at < moment - WORKERS_KEPT))
    last = session.scalar(select(func.max(LearningSlot.due_at)))
    old = LearningSlot.due_at < moment - SLOTS_KEPT
    session.execute(delete(LearningSlot).where(old, LearningSlot.due_at != last))


def shared_now(session: Session) -> datetime:
    """This moment by a clock that all share: the server's, for machines differ; a file's processes are on one."""
    if session.connection().dialect.name != "postgresql":
        return now()
    moment: datetime = session.scalars(select(func.clock_timestamp(type_=UtcDateTime))).one()
    return moment
