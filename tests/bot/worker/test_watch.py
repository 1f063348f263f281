"""When a worker begins a job, gives one up, takes one over, or ends itself: by counts, never by what a clock says."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.storage import Database
from bot.storage.learning import Cause, JobState, Wish, active_job, beat, begin_job, end_job, job_named, take_up
from bot.storage.models import now
from bot.worker import service
from bot.worker.service import Watch
from bot.worker.workflow import Begun, Learning
from bot.worker.workplace import Workplace

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class _Scene:
    """A watch of worker `me` with a clock of ours, and what it did."""

    def __init__(self, database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.did: list[str] = []
        self.ended = False
        self.begun: list[Begun] = []
        self.time = 0.0
        self.database = database
        monkeypatch.setattr(service, "enqueue", lambda _, job: self.did.append(f"enqueue {job}"))
        monkeypatch.setattr(service, "go_on_with", lambda job: self.did.append(f"go on with {job}"))
        monkeypatch.setattr(service, "put_away", lambda job: self.did.append(f"put away {job}"))
        monkeypatch.setattr(service, "begun", lambda: self.begun)
        monkeypatch.setattr(service, "has_ended", lambda _: self.ended)
        self.at_work: set[str] = set()
        learning = cast(Learning, SimpleNamespace(at_work=self.at_work))
        self.watch = Watch(database, learning, "me", Workplace(folder), 120.0, clock=lambda: self.time)

    def look(self, seconds: float, *, other_beats: bool = False) -> list[str]:
        """Let time pass, half a minute at most between two looks; what the watch did."""
        self.did.clear()
        while seconds > 0:
            self.time += min(30.0, seconds)
            seconds -= 30.0
            if other_beats:
                self.database.transact(partial(beat, worker="other", machine="m"))
            self.watch.look()
        return self.did


@pytest.fixture
def scene(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> _Scene:
    """A watch, and a queued job."""
    database.transact(partial(begin_job, wish=Wish("job-1", Cause.COMMAND)))
    return _Scene(database, tmp_path, monkeypatch)


@pytest.fixture
def others(scene: _Scene, database: Database) -> _Scene:
    """The job is another worker's."""
    database.transact(partial(beat, worker="other", machine="m"))
    scene.begun = [Begun("job-1", "other")]
    return scene


def test_a_queued_job_is_begun(scene: _Scene) -> None:
    assert scene.look(1) == ["enqueue job-1"]


def test_a_worker_that_counts_keeps_its_job(others: _Scene) -> None:
    assert "go on with job-1" not in others.look(600, other_beats=True)


def test_a_worker_that_stopped_counting_is_replaced(others: _Scene) -> None:
    assert "go on with job-1" not in others.look(120)
    assert "go on with job-1" in others.look(60)


@pytest.mark.parametrize("year", [1999, 2099])
def test_a_clock_that_jumps_replaces_nobody(others: _Scene, monkeypatch: pytest.MonkeyPatch, year: int) -> None:
    monkeypatch.setattr("bot.storage.learning.now", lambda: now().replace(year=year, month=1, day=1))
    assert "go on with job-1" not in others.look(600, other_beats=True)


def test_a_workflow_whose_worker_died_behind_its_end_is_put_away(others: _Scene, database: Database) -> None:
    database.transact(partial(end_job, job_id="job-1", state=JobState.DONE, worker=None))
    assert others.look(120) == []
    assert others.look(60)[0] == "put away job-1"


def test_a_workflow_of_this_worker_is_left_to_it(scene: _Scene) -> None:
    scene.begun = [Begun("job-1", "me")]
    scene.at_work.add("job-1")
    assert set(scene.look(600)) == {"enqueue job-1"}


def test_a_workflow_of_this_worker_that_it_is_not_doing_is_gone_on_with(scene: _Scene) -> None:
    scene.begun = [Begun("job-1", "me")]
    assert set(scene.look(120)) == {"enqueue job-1"}
    assert "go on with job-1" in scene.look(60)


def test_a_workflow_of_this_worker_whose_end_was_not_written_down_is_put_away(
    scene: _Scene, database: Database
) -> None:
    scene.begun = [Begun("job-1", "me")]
    database.transact(partial(end_job, job_id="job-1", state=JobState.DONE, worker=None))
    assert scene.look(120) == []
    assert scene.look(60)[0] == "put away job-1"


def test_a_workflow_that_ended_without_its_job_gives_it_up(scene: _Scene, database: Database) -> None:
    scene.ended = True
    assert scene.look(1) == []
    job = database.transact(partial(job_named, job_id="job-1"))
    assert job is not None
    assert (job.state, job.active) == ("failed", None)
    assert database.transact(active_job) is None


def test_a_job_of_another_worker_is_given_up_when_that_is_gone(others: _Scene, database: Database) -> None:
    database.transact(partial(take_up, job_id="job-1", worker="other", base_version="base"))
    others.begun, others.ended = [], True
    others.look(600, other_beats=True)
    assert database.transact(active_job) is not None
    others.look(180)
    assert database.transact(active_job) is None


def test_ratings_of_a_job_that_has_ended_do_not_stay(scene: _Scene, tmp_path: Path) -> None:
    for job in ("job-0", "job-1"):
        (tmp_path / "jobs" / job).mkdir(parents=True)
    scene.look(1)
    assert [path.name for path in (tmp_path / "jobs").iterdir()] == ["job-1"]


def test_a_worker_that_slept_ends_itself(scene: _Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    class Ended(BaseException):
        pass

    def end(status: int) -> None:
        raise Ended(status)

    monkeypatch.setattr(os, "_exit", cast(Callable[[int], Any], end))
    scene.look(1)
    scene.time += 90
    with pytest.raises(Ended):
        scene.watch.look()
