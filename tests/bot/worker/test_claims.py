"""What several bots and workers agree on through the database: who shows progress, and whether a worker lives."""

from datetime import timedelta
from functools import partial

import pytest

from bot.storage import Database
from bot.storage.learning import (
    Cause,
    JobState,
    Wish,
    beat,
    begin_job,
    claim_progress,
    end_job,
    show_in,
    worker_is_there,
)
from bot.storage.models import now

AT_ONCE, LATER = timedelta(0), timedelta(hours=1)


@pytest.fixture
def shown(database: Database) -> Database:
    """A job whose progress is shown in a message."""
    database.transact(partial(begin_job, wish=Wish("job-1", Cause.ADMINISTRATOR, 1, 1)))
    database.transact(partial(show_in, job_id="job-1", message_id=7))
    return database


def _claim(database: Database, text: str, every: timedelta) -> bool:
    return database.transact(partial(claim_progress, job_id="job-1", text=text, every=every))


def test_one_of_two_bots_shows_progress_and_not_at_once_again(shown: Database) -> None:
    assert [_claim(shown, "step 1", LATER) for _ in range(2)] == [True, False]
    assert not _claim(shown, "step 2", LATER)
    assert _claim(shown, "step 2", AT_ONCE)


def test_what_is_shown_is_not_shown_again(shown: Database) -> None:
    assert [_claim(shown, "step 1", AT_ONCE) for _ in range(2)] == [True, False]


def test_progress_of_a_job_that_has_ended_is_not_shown(shown: Database) -> None:
    shown.transact(partial(end_job, job_id="job-1", state=JobState.CANCELLED, worker=None))
    assert not _claim(shown, "step 1", AT_ONCE)


def test_progress_that_a_wrong_clock_showed_holds_nothing_up(shown: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as wrong:
        wrong.setattr("bot.storage.learning.shared_now", lambda _: now() + timedelta(days=1))
        assert _claim(shown, "step 1", LATER)
    assert _claim(shown, "step 2", LATER)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_worker_whose_clock_differs_is_there(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as its:
        its.setattr("bot.storage.learning.now", lambda: now() + timedelta(minutes=5))
        database.transact(partial(beat, worker="w", machine="gpu"))
    assert database.transact(worker_is_there)
