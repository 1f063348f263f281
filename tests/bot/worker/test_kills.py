"""kill -9 of the worker in each step: started again, it goes on, and there is one consistent champion."""

from functools import partial
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from bot.storage.models import Rating
from bot.storage.versions import Alias, roll_back

if TYPE_CHECKING:
    from tests.bot.worker.conftest import World

POINTS = ["dequeued", "collected", "tuning", "tuned", "examining", "publishing", "published", "deciding", "decided"]


def test_a_job_from_its_wish_to_the_champion(world: "World") -> None:
    assert world.begin()
    assert not world.begin("job-2")
    assert world.work() == 0
    job = world.job()
    assert (job.state, job.active, job.error) == ("done", None, None)
    assert job.version is not None
    assert world.alias(Alias.CHAMPION) == job.version
    assert world.alias(Alias.PREVIOUS) == "base"
    assert job.report is not None
    assert job.report["decision"] == "promoted"
    assert job.report["ratings"]["ratings"] == 6
    assert job.report["ratings"]["raters"] == 2
    assert job.report["verdict"]["passed"] is True
    assert job.report["pairs"] == [["base", job.version]]
    assert world.done == ["collect", *(f"update {n}" for n in range(1, 6))]
    assert list((world.home / "worker" / "jobs").iterdir()) == []


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_worker_goes_on(world: "World", point: str) -> None:
    world.begin()
    # Once it is decided, whoever waits for the job may see that and end the process before the signal does.
    assert world.work(point) in ((-9, 0) if point == "decided" else (-9,))
    # Whatever was half done: one champion, which can be loaded.
    champion = world.alias(Alias.CHAMPION)
    assert champion == (world.job().version if point == "decided" else "base")
    if point != "decided":
        assert world.work(point) == 0
    job = world.job()
    assert (job.state, job.error) == ("done", None)
    assert world.alias(Alias.CHAMPION) == job.version
    assert world.alias(Alias.PREVIOUS) == "base"
    assert sorted(path.name for path in world.store.root.iterdir() if path.is_dir()) == sorted(
        ["base", str(job.version)]
    )
    # Training goes on behind its last checkpoint, and steps that were finished are not done again.
    updates = [line for line in world.done if line.startswith("update")]
    assert updates == [f"update {n}" for n in range(1, 6)]
    if point != "collected":
        assert world.done.count("collect") == 1
    assert world.database.transact(lambda s: s.scalar(select(func.count()).select_from(Rating))) == 6


def test_what_was_rolled_back_before_the_worker_came_back_stays_so(world: "World") -> None:
    world.begin()
    assert world.work("decided") in (-9, 0)
    world.database.transact(partial(roll_back, by="7"))
    world.begin("job-2")
    assert world.work(worse=True) == 0
    assert world.alias(Alias.CHAMPION) == "base"
    assert world.job("job-2").report["decision"] == "refused"  # type: ignore[index]
