"""When a fine-tuning is begun: by the hour, by new ratings, once by however many bots, and never for nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.jobs.wishes import Asked, ask, begin_if_due, last_due
from bot.settings import Settings
from bot.storage import Database
from bot.storage.learning import (
    Cause,
    JobState,
    Wish,
    beat,
    begin_job,
    decide_slot,
    end_job,
    forget_what_is_long_gone,
    last_jobs,
    learned_until,
    leave,
    take_up,
)
from bot.storage.models import Chat, LearningJob, LearningSlot, Poem, Rating, User, now
from bot.storage.ratings import collect

# A Wednesday; the last Monday, 04:00 UTC, was two days before.
NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
MONDAY = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
WEEK = timedelta(days=7)


@pytest.fixture
def settings() -> Settings:
    """Weekly, or after five new ratings; three are enough in all."""
    return Settings(learn_after=5, learn_least=3)


@pytest.mark.parametrize(
    ("schedule", "moment", "due"),
    [
        ("0 4 * * 1", NOON, MONDAY),
        ("0 4 * * 0", NOON, MONDAY - timedelta(days=1)),
        ("0 4 * * 7", NOON, MONDAY - timedelta(days=1)),
        ("0 4 * * sun", NOON, MONDAY - timedelta(days=1)),
        ("0 4 * * 1-5/2", NOON, NOON.replace(hour=4)),
        ("0 4 * * 1", MONDAY, MONDAY),
        ("0 4 * * 1", MONDAY - timedelta(seconds=1), MONDAY - WEEK),
        ("* * * * *", NOON + timedelta(seconds=30), NOON),
        ("0 0 1 1 *", NOON, datetime(2026, 1, 1, tzinfo=UTC)),
        ("never", NOON, None),
    ],
)
def test_the_last_moment_of_a_schedule(schedule: str, moment: datetime, due: datetime | None) -> None:
    assert last_due(schedule, moment) == due


def _rate(session: Session, ratings: int, at: datetime = NOON) -> None:
    """So many new poems, each rated once."""
    if session.get(User, 1) is None:
        session.add_all([User(id=1), Chat(id=1, kind="private")])
        session.flush()
    for _ in range(ratings):
        poem = Poem(
            user_id=1,
            chat_id=1,
            script="hant",
            best_of=16,
            temperature=0.8,
            seed=1,
            poet="base",
            text="月下孤舟過遠灘，江風吹葉夜初寒。",
            score=-4.5,
        )
        session.add(poem)
        session.flush()
        session.add(Rating(poem_id=poem.id, user_id=1, value=1, created_at=at, changed_at=at))
        session.flush()


def _learn(database: Database, state: JobState = JobState.DONE) -> None:
    """Let a worker do the active job with the ratings of now."""
    job = database.transact(lambda session: last_jobs(session, 1)[0])

    def work(session: Session) -> None:
        take_up(session, job.id, "worker", "base")
        session.flush()
        found = collect(session)
        known = {"ratings_until": learned_until(session), "ratings_fingerprint": found.fingerprint}
        assert end_job(session, job.id, state, "worker", known)

    database.transact(work)


def _jobs(database: Database) -> list[LearningJob]:
    return database.transact(lambda session: list(session.scalars(select(LearningJob))))


def test_the_first_look_makes_up_for_nothing(database: Database, settings: Settings) -> None:
    database.transact(partial(_rate, ratings=4))
    due = partial(begin_if_due, settings=settings)
    assert database.transact(partial(due, moment=NOON)) is None
    assert database.transact(partial(due, moment=NOON + WEEK)) == "weekly-20260309T0400Z"


def test_missed_weeks_come_as_one_and_a_moment_is_decided_once(database: Database, settings: Settings) -> None:
    database.transact(partial(_rate, ratings=4))
    due = partial(begin_if_due, settings=settings)
    database.transact(partial(due, moment=NOON))
    assert database.transact(partial(due, moment=NOON + 5 * WEEK)) is not None
    _learn(database)
    database.transact(partial(_rate, ratings=1, at=NOON + 5 * WEEK))
    assert database.transact(partial(due, moment=NOON + 5 * WEEK)) is None
    assert len(_jobs(database)) == 1


def test_several_bots_begin_one_job(database: Database, settings: Settings) -> None:
    database.transact(partial(_rate, ratings=4))
    database.transact(partial(begin_if_due, settings=settings, moment=NOON))
    with ThreadPoolExecutor(8) as threads:
        work = partial(begin_if_due, settings=settings, moment=NOON + WEEK)
        begun = list(threads.map(lambda _: database.transact(work), range(8)))
    assert sorted(filter(None, begun)) == ["weekly-20260309T0400Z"]
    assert len(_jobs(database)) == 1


def test_without_new_ratings_nothing_is_begun(database: Database, settings: Settings) -> None:
    due = partial(begin_if_due, settings=settings)
    database.transact(partial(due, moment=NOON))
    assert database.transact(partial(due, moment=NOON + WEEK)) is None
    database.transact(partial(_rate, ratings=4, at=NOON + WEEK))
    assert database.transact(partial(due, moment=NOON + 2 * WEEK)) is not None
    _learn(database)
    assert database.transact(partial(due, moment=NOON + 3 * WEEK)) is None


def test_enough_new_ratings_begin_a_job_before_its_hour(database: Database, settings: Settings) -> None:
    due = partial(begin_if_due, settings=settings)
    database.transact(partial(_rate, ratings=4))
    assert database.transact(partial(due, moment=NOON)) is None
    database.transact(partial(_rate, ratings=1))
    assert (database.transact(partial(due, moment=NOON)) or "").startswith("ratings-")
    _learn(database)
    database.transact(partial(_rate, ratings=4, at=NOON + timedelta(hours=1)))
    assert database.transact(partial(due, moment=NOON + timedelta(hours=2))) is None
    database.transact(partial(_rate, ratings=1, at=NOON + timedelta(hours=1)))
    assert database.transact(partial(due, moment=NOON + timedelta(hours=2))) is not None


def test_a_job_that_failed_is_not_begun_again_every_minute(database: Database, settings: Settings) -> None:
    database.transact(partial(_rate, ratings=6))
    now = datetime.now(UTC)
    due = partial(begin_if_due, settings=settings)
    assert database.transact(partial(due, moment=now)) is not None
    _learn(database, JobState.FAILED)
    assert database.transact(partial(due, moment=now + timedelta(minutes=1))) is None
    assert database.transact(partial(due, moment=now + timedelta(days=2))) is not None


def test_a_clock_that_was_a_year_ahead_does_not_stop_learning(database: Database, settings: Settings) -> None:
    due = partial(begin_if_due, settings=settings)
    database.transact(partial(_rate, ratings=5, at=NOON + timedelta(days=365)))
    assert database.transact(partial(due, moment=NOON + timedelta(days=365))) is not None
    _learn(database)
    # The clock is right again. Nothing new: nothing is begun; then new ratings, seemingly older than what was learned.
    assert database.transact(partial(due, moment=NOON)) is None
    database.transact(partial(_rate, ratings=5, at=NOON))
    assert database.transact(partial(due, moment=NOON)) is not None


def test_one_rating_of_a_clock_ahead_does_not_begin_a_job_a_rating(database: Database, settings: Settings) -> None:
    moment = datetime.now(UTC)
    due = partial(begin_if_due, settings=settings)
    database.transact(partial(due, moment=moment))
    database.transact(partial(_rate, ratings=5, at=moment - timedelta(hours=1)))
    database.transact(partial(_rate, ratings=1, at=moment + timedelta(days=365)))
    assert database.transact(partial(due, moment=moment)) is not None
    _learn(database)
    database.transact(partial(_rate, ratings=1, at=moment))
    assert database.transact(partial(due, moment=moment)) is None
    database.transact(partial(_rate, ratings=4, at=moment))
    assert database.transact(partial(due, moment=moment)) is not None


def test_never_and_zero_switch_both_off(database: Database) -> None:
    settings = Settings(learn_at="never", learn_after=0, learn_least=0)
    database.transact(partial(_rate, ratings=50))
    for weeks in range(3):
        assert database.transact(partial(begin_if_due, settings=settings, moment=NOON + weeks * WEEK)) is None


def test_what_is_asked_for_needs_a_worker_ratings_and_room(database: Database) -> None:
    def asked(name: str, least: int = 3) -> Asked:
        return database.transact(partial(ask, wish=Wish(name, Cause.ADMINISTRATOR, 1, 1), least=least))

    assert asked("a") is Asked.NO_WORKER
    database.transact(partial(beat, worker="w", machine="m"))
    assert asked("a") is Asked.TOO_FEW
    database.transact(partial(_rate, ratings=3))
    assert asked("a") is Asked.BEGUN
    assert asked("b") is Asked.BUSY
    database.transact(partial(leave, worker="w"))
    assert asked("b") is Asked.NO_WORKER


def test_a_job_is_begun_once(database: Database) -> None:
    with ThreadPoolExecutor(8) as threads:
        wishes = [Wish(f"job-{number}", Cause.COMMAND) for number in range(8)]
        begun = list(threads.map(lambda wish: database.transact(partial(begin_job, wish=wish)), wishes))
    assert begun.count(True) == 1


def _slots(database: Database) -> list[datetime]:
    return database.transact(lambda session: list(session.scalars(select(LearningSlot.due_at))))


def test_moments_that_nobody_looks_for_are_forgotten_but_for_the_last(database: Database) -> None:
    moment = now()
    decided = [moment - timedelta(days=days) for days in (500, 400, 380)]
    for due in decided:
        assert database.transact(partial(decide_slot, due_at=due))
    database.transact(forget_what_is_long_gone)
    # A yearly moment may be 366 days past and is decided on once all the same.
    assert _slots(database) == decided[2:]
    database.transact(lambda session: setattr(session.get_one(LearningSlot, decided[2]), "due_at", decided[0]))
    database.transact(forget_what_is_long_gone)
    # Without any, the next moment would be taken for the first look at this database, and pass.
    assert _slots(database) == decided[:1]
