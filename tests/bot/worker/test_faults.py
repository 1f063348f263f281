"""What befalls a worker short of death: full disks, databases that go away, wrong clocks, readers who are forgotten."""

from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from sqlalchemy import URL, create_engine, func, select, text

from bot.errors import DatabaseError
from bot.storage.learning import Cancelled, cancel_job, last_jobs
from bot.storage.models import PoetVersion, Rating
from bot.storage.versions import Alias, listed
from bot.worker.steps import Steps
from bot.worker.workflow import launched

if TYPE_CHECKING:
    import subprocess

    from tests.bot.worker.conftest import World


def _ratings(world: "World") -> int:
    return world.database.transact(lambda session: session.scalar(select(func.count()).select_from(Rating))) or 0


def _is_on(world: "World", name: str) -> bool:
    return world.database.url.get_backend_name() == name


on_a_file = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
on_a_server = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@on_a_file
def test_a_disk_that_was_full_for_a_moment_only_delays(world: "World") -> None:
    world.begin()
    assert world.work(fault="full for a moment") == 0
    assert world.job().state == "done"
    assert world.alias(Alias.CHAMPION) == world.job().version


def test_a_full_disk_fails_the_job_and_changes_nothing(world: "World") -> None:
    world.begin()
    assert world.work(fault="full") == 0
    job = world.job()
    assert job.state == "failed"
    assert job.error is not None
    assert job.error.endswith("No space left on device")
    assert world.alias(Alias.CHAMPION) == "base"
    assert [path.name for path in world.store.root.iterdir() if path.is_dir()] == ["base"]
    # With room again, the next job succeeds.
    assert world.begin("job-2")
    assert world.work() == 0
    assert world.alias(Alias.CHAMPION) == world.job("job-2").version


@on_a_file
def test_a_step_that_could_not_be_written_down_only_delays(world: "World") -> None:
    world.begin()
    assert world.work(fault="no room for records", gone_after_s=5.0) == 0
    job = world.job()
    assert (job.state, job.error) == ("done", None)
    assert world.alias(Alias.CHAMPION) == job.version
    assert world.done == [*["collect"] * 4, *(f"update {n}" for n in range(1, 6))]


def test_workflows_that_cannot_be_opened_are_one_sentence(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    nowhere = URL.create("sqlite", database=str(tmp_path / "nowhere" / "workflows.db"))
    steps = cast(Steps, SimpleNamespace(worker="me"))
    with pytest.raises(DatabaseError, match=r"cannot open the database sqlite:.*: unable to open"):
        launched(steps, nowhere).__enter__()
    assert caplog.records == []


@pytest.mark.parametrize(
    ("database_url", "fault"),
    [("sqlite", "locked"), ("sqlite", "clock"), ("postgresql", "cut"), ("postgresql", "clock")],
    indirect=["database_url"],
)
def test_the_job_goes_on(world: "World", fault: str) -> None:
    """Locked: transactions fail for a while. Cut: the server ends every connection. Clock: it is 1999 of a sudden."""
    world.begin()
    assert world.work(fault=fault) == 0
    assert world.job().state == "done"
    assert world.alias(Alias.CHAMPION) == world.job().version
    assert world.alias(Alias.PREVIOUS) == "base"
    assert _ratings(world) == 6


@on_a_file
@pytest.mark.parametrize("died_at", [None, "tuning"])
def test_a_database_that_is_locked_when_a_job_is_taken_up_only_delays(world: "World", died_at: str | None) -> None:
    world.begin()
    if died_at:
        assert world.work(died_at) == -9
    assert world.work(fault="locked at first") == 0
    job = world.job()
    assert (job.state, job.error) == ("done", None)
    assert [line for line in world.done if line != "collect"] == [f"update {n}" for n in range(1, 6)]


def test_a_reader_who_is_forgotten_in_the_middle_stays_forgotten(world: "World") -> None:
    world.begin()
    assert world.work(fault="forgotten") == 0
    assert world.job().state == "done"
    # The other reader's ratings are all there, and nothing of the job's copy is.
    assert _ratings(world) == 3
    assert list((world.home / "worker" / "jobs").iterdir()) == []


def test_a_cancelled_job_stops_and_leaves_nothing(world: "World") -> None:
    world.begin()
    assert world.work(fault="cancelled") == 0
    assert world.job().state == "cancelled"
    # It hears of it when it says that the fourth update is done.
    assert world.done == ["collect", *(f"update {n}" for n in range(1, 5))]
    assert world.alias(Alias.CHAMPION) == "base"
    assert list((world.home / "worker" / "jobs").iterdir()) == []


@on_a_file
def test_a_job_that_was_cancelled_while_its_worker_was_dead_does_not_hold_up_the_next(world: "World") -> None:
    world.begin()
    assert world.work("tuning") == -9
    # As if a minute had passed since it counted last.
    world.database.transact(lambda session: session.execute(text("DELETE FROM learning_worker")))
    assert world.database.transact(cancel_job) == (Cancelled.AT_ONCE, "job-1")
    assert world.job().state == "cancelled"
    assert world.begin("job-2")
    assert world.work() == 0
    assert (world.job().state, world.job("job-2").state) == ("cancelled", "done")
    assert world.alias(Alias.CHAMPION) == world.job("job-2").version


@on_a_file
def test_what_the_gate_refuses_is_kept_back_with_its_reasons(world: "World") -> None:
    world.begin()
    assert world.work(worse=True) == 0
    job = world.job()
    assert job.report is not None
    assert job.report["decision"] == "refused"
    assert world.alias(Alias.CHAMPION) == "base"
    refused = world.database.transact(listed)[1].row
    assert (refused.version, refused.parent, refused.state) == (job.version, "base", "refused")
    assert refused.verdict is not None
    failed = [reason for reason in refused.verdict["reasons"] if not reason["passed"]]
    assert [(reason["figure"], reason["before"], reason["after"]) for reason in failed] == [
        ("bits_per_hanzi", 7.6, 9.0)
    ]


@on_a_file
def test_what_passes_may_wait_for_an_administrator(world: "World") -> None:
    world.begin()
    assert world.work(promote=False) == 0
    assert world.alias(Alias.CHAMPION) == "base"
    assert world.alias(Alias.CHALLENGER) == world.job().version


@on_a_file
def test_too_few_ratings_are_one_sentence(world: "World") -> None:
    world.database.transact(lambda session: session.execute(text("DELETE FROM rating")))
    world.begin()
    assert world.work() == 0
    assert world.job().error == "there are 0 ratings, fine-tuning needs 2 at least (YUEXIA_LEARN_LEAST)"


def test_nothing_is_pickled(world: "World") -> None:
    world.begin()
    world.work()
    schema = "" if _is_on(world, "sqlite") else "dbos."
    engine = create_engine(world.system)
    with engine.connect() as connection:
        kinds = set(connection.scalars(text(f"SELECT serialization FROM {schema}workflow_status")))
        kinds |= set(connection.scalars(text(f"SELECT serialization FROM {schema}operation_outputs")))
    engine.dispose()
    assert kinds == {"portable_json"}


@pytest.fixture
def two(world: "World", second_nursery: "subprocess.Popen[str]") -> tuple["World", "World"]:
    """Two workers with one database and one store."""
    return world, world.beside(second_nursery)


def test_two_workers_do_a_job_once(two: tuple["World", "World"]) -> None:
    first, second = two
    first.begin()
    first.start()
    second.start()
    assert (first.ended(), second.ended()) == (0, 0)
    assert first.job().state == "done"
    done = [line for world in two for line in world.done]
    assert sorted(done) == sorted(["collect", *(f"update {n}" for n in range(1, 6))])
    assert first.alias(Alias.CHAMPION) == first.job().version


@on_a_file
def test_a_job_that_an_earlier_release_began_in_its_own_place_is_gone_on_with(world: "World") -> None:
    world.begin()
    assert world.work("tuning", system=f"sqlite:///{world.home}/worker/workflows.db") == -9
    assert world.work() == 0
    assert world.job().state == "done"
    assert [line for line in world.done if line != "collect"] == [f"update {n}" for n in range(1, 6)]


@on_a_server
def test_a_machine_that_is_gone_is_replaced(two: tuple["World", "World"]) -> None:
    first, second = two
    first.begin()
    assert first.work("tuning") == -9
    assert second.work(gone_after_s=5.0) == 0
    job = first.job()
    assert job.state == "done"
    # Its checkpoints were on the other machine: it trained from the start, with the ratings' step not done again.
    assert first.done == ["collect", "update 1", "update 2", "update 3"]
    assert second.done == [f"update {n}" for n in range(1, 6)]
    assert first.alias(Alias.CHAMPION) == job.version
    versions = partial(lambda session: list(session.scalars(select(PoetVersion.version))))
    assert sorted(first.database.transact(versions)) == sorted(["base", str(job.version)])
    # The first one comes back: there is nothing left for it to do, and it changes nothing.
    assert first.work() == 0
    assert first.alias(Alias.CHAMPION) == job.version


@on_a_file
@pytest.mark.parametrize("point", ["tuned", "published", "examining"])
def test_whoever_takes_a_job_over_decides_on_the_poet_that_was_measured(
    two: tuple["World", "World"], point: str
) -> None:
    first, second = two
    first.begin()
    assert first.work(point) == -9
    # What is learned from differs from here on, if somebody collects anew.
    first.database.transact(lambda session: session.execute(text("DELETE FROM rating WHERE poem_id = 3")))
    assert second.work(gone_after_s=5.0) == 0
    job = first.job()
    assert job.report is not None
    assert first.alias(Alias.CHAMPION) == job.version
    assert job.report["pairs"] == [["base", job.version]]
    # The poet that was published is gone on with; one that was not is made anew, of the ratings that there are.
    learned_from = 6 if point == "examining" else 4
    assert job.report["ratings"]["ratings"] == job.report["summary"]["ratings"] == learned_from
    assert len(second.done) == (0 if point == "examining" else 5)


@on_a_file
@pytest.mark.parametrize("point", ["dequeued", "decided"])
def test_a_worker_that_died_at_the_edge_of_its_job_does_not_hold_up_the_queue(
    two: tuple["World", "World"], point: str
) -> None:
    first, second = two
    first.begin()
    # As in `test_kills`: the process may end by itself as soon as it is decided.
    assert first.work(point) in ((-9, 0) if point == "decided" else (-9,))
    if point == "decided":
        assert first.begin("job-2")
    assert second.work(gone_after_s=5.0) == 0
    assert [job.state for job in first.database.transact(last_jobs)] == ["done"] * (2 if point == "decided" else 1)
    # The first one comes back: there is nothing left for it to do, and the next job is anybody's.
    assert first.begin("job-3")
    assert first.work() == 0
    assert first.alias(Alias.CHAMPION) == first.job("job-3").version
