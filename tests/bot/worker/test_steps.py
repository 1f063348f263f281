"""The steps with the real fine-tuning and the real measurements, on a model of 16 cells."""

import errno
import importlib.metadata
import json
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from sqlalchemy.orm import Session

from bot.poets.gate import Limits
from bot.poets.store import FolderStore
from bot.storage import Database
from bot.storage.learning import Cause, Wish, begin_job, cancel_job, job_named
from bot.storage.models import Chat, Poem, Rating, User, now
from bot.storage.versions import Alias, add_version, called, promote, version_named
from bot.worker.contracts import Advance, JobStopped, TuningTask
from bot.worker.examining import ScoreboardExaminer, digest_of_sources
from bot.worker.steps import Json, Steps, Terms
from bot.worker.tuning import PreferenceTuner
from bot.worker.workplace import Workplace
from poetcore.corpus import VALIDATION, PreparedCorpus
from poetcore.corpus.preparation import prepare
from poetcore.errors import PackageError, StorageError
from poetcore.evaluation.bits import measure
from poetcore.generation import ComposeRequest, Poet
from poetcore.package import read_card
from poetcore.prosody import FORMS
from poetcore.training.preference.settings import FinetuneSettings

# A gate that lets a model of random weights through: what is tested is that the figures come about.
OPEN = Limits(bits=1, form=1, diversity=1, copied=1, latency=100)


@pytest.fixture(scope="module")
def data(make_poet: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared corpus of 400 verses in the poet's characters."""
    hanzi = read_card(make_poet("base")).vocabulary.characters[2:]
    random = np.random.default_rng(0)
    source = tmp_path_factory.mktemp("source")
    for collection in ("tang", "song"):
        verses = [["".join(random.choice(list(hanzi), 5)) for _ in range(4)] for _ in range(200)]
        poems = [{"author": "", "title": "", "paragraphs": ["{}，{}。{}，{}。".format(*lines)]} for lines in verses]
        (source / f"poet.{collection}.0.json").write_text(json.dumps(poems, ensure_ascii=False), encoding="utf-8")
    prepare(source, source / "data", ("tang", "song"))
    return source / "data"


@pytest.fixture
def tuner() -> PreferenceTuner:
    """Six updates."""
    return PreferenceTuner(FinetuneSettings(updates=6, batch_poems=12, least_ratings=2, validation_poems=20))


@pytest.fixture
def steps(
    database: Database, tmp_path: Path, make_poet: Callable[..., Path], data: Path, tuner: PreferenceTuner
) -> Steps:
    """A worker's steps, with a champion and forty ratings; job `job-1` is taken up."""
    store = FolderStore(tmp_path / "poets")
    package = make_poet("base")
    _, digest = store.publish(package)
    row: dict[str, Any] = {"version": "base", "digest": digest, "parent": None, "state": "founder", "metrics": {}}
    database.transact(partial(add_version, row=row))
    database.transact(partial(promote, version="base", by="bot"))
    database.transact(partial(_rate, poet=Poet.load(package)))
    database.transact(partial(begin_job, wish=Wish("job-1", Cause.COMMAND)))
    examiner = ScoreboardExaminer(data, held_out=10, samples=8)
    terms = Terms(data, OPEN, least_ratings=2, promote=True)
    made = Steps(database, store, tuner, examiner, Workplace(tmp_path / "worker"), "worker", terms)
    made.take_up("job-1")
    return made


def _rate(session: Session, poet: Poet) -> None:
    """Two readers like what begins with 月 and dislike what begins with 山."""
    session.add_all([User(id=1), User(id=2), Chat(id=1, kind="private")])
    session.flush()
    for seed in range(20):
        poem = poet.compose(ComposeRequest(prefix="月山"[seed % 2], form=FORMS["五絕"], seed=seed, best_of=1))
        row = Poem(
            user_id=1,
            chat_id=1,
            script="hant",
            best_of=1,
            temperature=0.8,
            seed=seed,
            poet="base",
            text=poem.traditional,
            form=poem.form,
            score=poem.score,
        )
        session.add(row)
        session.flush()
        for reader in (1, 2):
            session.add(Rating(poem_id=row.id, user_id=reader, value=1 - 2 * (seed % 2)))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_from_ratings_to_a_poet_that_serves(steps: Steps, database: Database) -> None:
    steps.collect("job-1")
    steps.tune("job-1")
    published = steps.publish("job-1")
    assert steps.publish("job-1") == published
    assert (published["ratings"]["ratings"], published["ratings"]["raters"], published["base"]) == (40, 2, "base")
    assert [step for step, _ in published["curve"]] == [1, 2, 3, 4, 5, 6]
    assert published["summary"]["parent"] == "base"
    examined = steps.examine("job-1", published)
    assert examined["verdict"]["passed"] is True
    assert {reason["figure"] for reason in examined["verdict"]["reasons"]} == set(examined["after"])
    assert examined["before"]["format_share"] == 1.0
    assert len(examined["pairs"]) == 10
    assert examined["pairs"][0][0].startswith("月")
    assert steps.decide("job-1", published, examined) == "promoted"
    # Asked again after a crash it says the same and changes nothing.
    assert steps.decide("job-1", published, examined) == "promoted"
    champion = database.transact(partial(called, alias=Alias.CHAMPION))
    assert champion is not None
    poet = steps.store.load(champion.version, champion.digest)
    assert poet.card.parent == "base"
    assert poet.compose(ComposeRequest(form=FORMS["七絕"])).form == "七絕"


class _Death(BaseException):
    """The process ends."""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_training_that_died_goes_on_to_the_same_poet(steps: Steps, tuner: PreferenceTuner, tmp_path: Path) -> None:
    steps.collect("job-1")
    ratings = steps.workplace.job("job-1").ratings

    def task(name: str) -> TuningTask:
        return TuningTask(steps.store.folder("base"), ratings, steps.terms.data, tmp_path / name / "run", "learned")

    told: list[Advance] = []
    straight = tuner.tune(task("straight"), told.append)
    assert [advance.step for advance in told] == [0, 1, 2, 3, 4, 5, 6]

    def die(advance: Advance) -> None:
        if advance.step == 4:
            raise _Death

    with pytest.raises(_Death):
        tuner.tune(task("killed"), die)
    resumed = tuner.tune(task("killed"), told.append)
    assert dict(resumed.curve) == pytest.approx(dict(straight.curve))
    one, other = (tmp_path / run / "run" / "poet" / "weights.safetensors" for run in ("straight", "killed"))
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_poet_that_cannot_be_measured_is_refused(
    steps: Steps, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = steps.publish("job-1")

    def broken(*_: Any) -> None:
        raise PackageError("it writes nonsense")

    monkeypatch.setattr("bot.worker.examining.smoke_test", broken)
    examined = steps.examine("job-1", published)
    assert examined["verdict"] == {"passed": False, "failure": "it writes nonsense", "reasons": []}
    assert steps.decide("job-1", published, examined) == "refused"
    job = database.transact(partial(job_named, job_id="job-1"))
    assert job is not None
    assert job.state == "done"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_old_poet_that_is_gone_condemns_no_new_one(steps: Steps) -> None:
    published = steps.publish("job-1")
    shutil.rmtree(steps.store.folder("base"))
    with pytest.raises(PackageError, match="base is no poet package"):
        steps.examine("job-1", published)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_folder_that_cannot_be_read_is_tried_again(steps: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    published = steps.publish("job-1")
    read = Path.read_bytes

    def stale(path: Path) -> bytes:
        if path.parent == steps.store.folder(published["version"]):
            raise OSError(errno.ESTALE, "Stale file handle")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", stale)
    with pytest.raises(StorageError, match="Stale file handle"):
        steps.examine("job-1", published)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_job_that_is_cancelled_before_its_decision_promotes_nobody(steps: Steps, database: Database) -> None:
    published = steps.publish("job-1")
    examined = steps.examine("job-1", published)
    database.transact(cancel_job)
    with pytest.raises(JobStopped):
        steps.decide("job-1", published, examined)
    champion = database.transact(partial(called, alias=Alias.CHAMPION))
    assert champion is not None
    assert champion.version == "base"
    assert database.transact(partial(version_named, version=published["version"])) is None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_rating_of_a_clock_ahead_is_learned_from_and_sets_no_watermark(steps: Steps, database: Database) -> None:
    ahead = now() + timedelta(days=365)
    database.transact(lambda session: setattr(session.get(Rating, (1, 1)), "changed_at", ahead))
    ratings = steps.publish("job-1")["ratings"]
    assert ratings["ratings"] == 40
    assert datetime.fromisoformat(ratings["until"]) < now()


def _descend(steps: Steps, database: Database, make_poet: Callable[..., Path]) -> Json:
    """Let the champion of the job be the third of its line; what is published of the job."""
    for version, parent in (("second", "base"), ("third", "second")):
        _, digest = steps.store.publish(make_poet(version, parent=parent))
        row = {"version": version, "digest": digest, "parent": parent, "state": "passed", "metrics": {}}
        database.transact(partial(add_version, row=row))
    job = partial(lambda session: setattr(job_named(session, "job-1"), "base_version", "third"))
    database.transact(job)
    return steps.publish("job-1")


def _metrics(database: Database, version: str) -> Json:
    row = database.transact(partial(version_named, version=version))
    assert row is not None
    return row.metrics


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_line_is_judged_by_its_founder_which_is_measured_once(
    steps: Steps, database: Database, make_poet: Callable[..., Path]
) -> None:
    published = _descend(steps, database, make_poet)
    reasons = {one["figure"]: one for one in steps.examine("job-1", published)["verdict"]["reasons"]}
    kept = _metrics(database, "base")["gate"]
    assert reasons["founder_bits"]["before"] == kept["figures"]["bits_per_hanzi"] > 0
    assert reasons["founder_variety"]["before"] == kept["figures"]["distinct_2"] > 0
    # What is kept is what is compared with the next time, though the folder is gone.
    shutil.rmtree(steps.store.folder("base"))
    again = {one["figure"]: one for one in steps.examine("job-1", published)["verdict"]["reasons"]}
    assert again["founder_bits"] == reasons["founder_bits"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_another_program_measures_the_founder_anew(
    steps: Steps, database: Database, make_poet: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    published = _descend(steps, database, make_poet)
    steps.examine("job-1", published)
    before = _metrics(database, "base")["gate"]["yardstick"]
    assert importlib.metadata.version("yuexia") in before
    monkeypatch.setattr("bot.worker.examining.program", lambda: "another one")
    steps.examine("job-1", published)
    after = _metrics(database, "base")["gate"]["yardstick"]
    assert after != before
    assert after.endswith(" another one")


def test_a_program_is_known_by_its_sources(tmp_path: Path) -> None:
    package = ModuleType("composing")
    package.__path__ = [str(tmp_path)]

    def digest() -> str:
        return digest_of_sources([package])

    (tmp_path / "decoding.py").write_text("WIDTH = 16\n")
    (tmp_path / "usage.json").write_text("{}")
    known = digest()
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "decoding.pyc").write_bytes(b"compiled")
    assert digest() == known
    for name in ("decoding.py", "usage.json", "more.c"):
        (tmp_path / name).write_text("changed")
        assert digest() != known
        known = digest()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_next_stands_for_a_founder_whose_folder_is_gone(
    steps: Steps, database: Database, make_poet: Callable[..., Path]
) -> None:
    published = _descend(steps, database, make_poet)
    shutil.rmtree(steps.store.folder("base"))
    steps.examine("job-1", published)
    assert "gate" in _metrics(database, "second")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_bits_are_those_of_float32(steps: Steps, data: Path) -> None:
    base = steps.store.folder("base")
    corpus = PreparedCorpus.load(data)
    poems = corpus.select(VALIDATION, ("tang", "song"))
    poet = Poet.load(base, exact=True)
    exact = measure(poet.engine, poet.vocabulary, [corpus.text(int(poem)) for poem in poems])
    found = ScoreboardExaminer(data, held_out=len(poems), samples=8).measure(base, lambda _: None)
    assert found.bits_per_hanzi == pytest.approx(exact.bits_per_hanzi, rel=1e-6)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_job_of_another_worker_is_left_alone(steps: Steps, database: Database) -> None:
    other = Steps(**{**vars(steps), "worker": "other"})
    other.take_up("job-1")
    with pytest.raises(JobStopped):
        steps.collect("job-1")
    steps.end("job-1", "failed", "too late")
    job = database.transact(partial(job_named, job_id="job-1"))
    assert job is not None
    assert (job.state, job.worker) == ("running", "other")
