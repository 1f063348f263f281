"""When a fine-tuning is begun: at the schedule's hour, when enough ratings are new, or when somebody asks."""

import secrets
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import partial
from typing import Final

from sqlalchemy.orm import Session

from bot.learning_settings import NEVER, LearningSettings, trigger_of
from bot.storage import Database
from bot.storage.audit import Action, audited
from bot.storage.learning import (
    LOOKED_BACK,
    Cause,
    JobState,
    News,
    Wish,
    active_job,
    begin_job,
    decide_slot,
    has_slots,
    last_jobs,
    news,
    note_slot_job,
    worker_is_there,
)
from bot.storage.ratings import collect, count_since

# A missed moment of the schedule is looked for nearby first.
_LOOKED_BACK: Final = (timedelta(hours=1), timedelta(days=1), timedelta(days=8), LOOKED_BACK)

NO_WORKER: Final = (
    "no worker runs: start one with poetbot worker on a machine with torch (in a checkout, make train-setup, "
    "or pip install -c constraints.txt '.[train]'), the same YUEXIA_DATABASE_URL and YUEXIA_POETS, and YUEXIA_DATA=a "
    "folder made by poet prepare"
)


class Asked(Enum):
    """What became of a wish."""

    BEGUN = "begun"
    BUSY = "busy"
    NO_WORKER = "no worker"
    TOO_FEW = "too few"


def last_due(learn_at: str, moment: datetime) -> datetime | None:
    """The schedule's last moment at or before `moment`; None if it never had one in a year. `moment` has a zone."""
    if learn_at == NEVER:
        return None
    trigger = trigger_of(learn_at)
    for back in _LOOKED_BACK:
        due, found = trigger.get_next_fire_time(None, moment - back), None
        while due is not None and due <= moment:
            found, due = due, trigger.get_next_fire_time(due, due + timedelta(seconds=1))
        if found is not None:
            return datetime.fromtimestamp(found.timestamp(), UTC)
    return None


def begin_if_due(session: Session, settings: LearningSettings, moment: datetime) -> str | None:
    """Begin what the schedule or the readers ask for; the job's id, or None. Called every minute, by every bot.

    However many moments were missed while no bot ran, one job makes up for them.
    """
    job_id = _by_schedule(session, settings, moment)
    return job_id or _by_ratings(session, settings, moment)


def ask(session: Session, wish: Wish, least: int) -> Asked:
    """Begin what an administrator asks for, unless nobody could do it or there is nothing to learn from."""
    if not worker_is_there(session):
        return Asked.NO_WORKER
    if active_job(session) is not None:
        return Asked.BUSY
    if count_since(session, None) < least:
        return Asked.TOO_FEW
    return Asked.BEGUN if begin_job(session, wish) else Asked.BUSY


def new_job_id(cause: Cause) -> str:
    """A name for a job that is asked for: never one that was used."""
    return f"{cause.value}-{secrets.token_hex(6)}"


def ask_now(database: Database) -> str:
    """Begin a job for the command line; a sentence that says whether it will be done."""
    wish = Wish(new_job_id(Cause.COMMAND), Cause.COMMAND)
    work = partial(begin_job, wish=wish)
    if not database.transact(audited(work, "cli", Action.RETRAIN, wish.job_id)):
        return "a fine-tuning is queued or running already"
    there = database.transact(worker_is_there)
    return f"queued {wish.job_id}" + ("" if there else f"; {NO_WORKER}")


def _by_schedule(session: Session, settings: LearningSettings, moment: datetime) -> str | None:
    due = last_due(settings.learn_at, moment)
    if due is None:
        return None
    is_first = not has_slots(session)
    # A moment that was before this database's first look is nobody's to make up for.
    if not decide_slot(session, due) or is_first or not _worth_it(session, settings, moment):
        return None
    job_id = f"{Cause.WEEKLY.value}-{due:%Y%m%dT%H%MZ}"
    if not begin_job(session, Wish(job_id, Cause.WEEKLY)):
        return None
    note_slot_job(session, due, job_id)
    return job_id


def _by_ratings(session: Session, settings: LearningSettings, moment: datetime) -> str | None:
    if not settings.learn_after or active_job(session) is not None or _failed_lately(session, moment):
        return None
    fresh = news(session, moment)
    if fresh.ratings < settings.learn_after or not _worth_it(session, settings, moment, fresh):
        return None
    job_id = new_job_id(Cause.RATINGS)
    return job_id if begin_job(session, Wish(job_id, Cause.RATINGS)) else None


def _worth_it(session: Session, settings: LearningSettings, moment: datetime, fresh: News | None = None) -> bool:
    """Whether there are ratings that no fine-tuning has learned from, and enough in all."""
    fresh = fresh or news(session, moment)
    if not fresh.ratings:
        return False
    collected = collect(session)
    return len(collected.lines) >= settings.learn_least and collected.fingerprint != fresh.last_fingerprint


def _failed_lately(session: Session, moment: datetime) -> bool:
    """Whether the last job came to nothing within a day: what failed once would fail every minute."""
    jobs = last_jobs(session, 1)
    return bool(jobs) and jobs[0].state != JobState.DONE and abs(moment - jobs[0].asked_at) < timedelta(days=1)
