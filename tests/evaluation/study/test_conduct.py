"""The whole study on a tiny corpus: finished, interrupted anywhere, refused."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from poetcore.cli import app
from poetcore.corpus import PreparedCorpus
from poetcore.errors import PoetcoreError, StorageError, TrainingError
from poetcore.evaluation.study import plan
from poetcore.evaluation.study.arms import run_arm
from poetcore.evaluation.study.conduct import conduct
from poetcore.evaluation.study.page import page_of
from poetcore.evaluation.study.plan import BEGINNINGS, FULL, plan_of
from poetcore.evaluation.study.record import Study
from poetcore.evaluation.study.report import study_of
from poetcore.training import loop
from tests.evaluation.study.conftest import TINY, Notes

# What two runs of the same study need not share.
_TIMES = ("seconds", "began", "ended", "tokens_per_second", "seconds_to_best", "seconds_per_epoch")
_ARMS = [arm.name for arm in plan_of(TINY).arms]


def timeless(value: Any) -> Any:
    """`value`, as JSON has it, without what depends on the clock."""
    if isinstance(value, dict):
        return {key: timeless(item) for key, item in value.items() if key not in _TIMES}
    if isinstance(value, list):
        return [timeless(item) for item in value]
    return value


def figures(study: Study) -> Any:
    """All figures, without the sentence that names a price in seconds."""
    content = timeless(json.loads(study.model_dump_json()))
    for verdict in content["size_verdicts"]:
        verdict["text"] = verdict["text"].partition(", for ")[0].rstrip(".")
    return content


def test_a_study_has_every_section(finished: tuple[Path, Study]) -> None:
    out, study = finished
    assert sorted(path.name for path in out.iterdir()) == ["arms", "plan.json", "study.html", "study.json"]
    assert sorted(path.name for path in (out / "arms").iterdir()) == sorted(_ARMS)
    assert Study.model_validate_json((out / "study.json").read_bytes()) == study
    # (a) Units that begin the same stay the same, whatever they learn.
    units = [(line.arm, line.distinct_units) for line in study.initialisation]
    assert units == [("zero", 1), ("equal", 1), ("random", 8), ("adam", 8)]
    assert [line.largest_difference for line in study.initialisation[:2]] == [0, 0]
    moved = {line.arm: line.moved for line in study.initialisation}
    assert moved["zero"] == 40  # a bias a token
    assert moved["equal"] > 400
    assert len(study.arms["zero"].losses) == 6  # batches of 32 of 1xx poems
    # (b) A test figure after every epoch, and the best of each.
    assert [len(study.arms[name].rows) for name in plan_of(TINY).optimisers] == [2] * 5
    for line in study.optimisers:
        row = study.arms[line.arm].rows[(line.best_epoch or 0) - 1]
        assert (line.test_cross_entropy, line.seconds_to_best) == (row.test_cross_entropy, row.seconds)
    # (c) A poem for each beginning from each optimiser.
    for name in plan_of(TINY).optimisers:
        poems = study.arms[name].poems
        assert "".join(poems) == BEGINNINGS
        assert all(poem is not None and poem.startswith(beginning) for beginning, poem in poems.items())
    # (d) Bits for every size, the centre's after as many epochs as the others'.
    assert [line.value for line in study.vocabularies] == [20, 40, 60]
    assert all(line.bits_per_hanzi is not None for line in (*study.lengths, *study.vocabularies, *study.hidden_sizes))
    centre = study.arms["adam"]
    assert centre.bits_at == (1, study.hidden_sizes[1].bits_per_hanzi)
    assert centre.bits_at[1] != centre.bits_per_hanzi
    assert study.cuts == (
        "2 of 10 epochs for an optimiser",
        "1 of 4 epochs for a size",
        "1 of 3 epochs for an initialisation",
        "vocabulary 40 instead of 3,500",
        "hidden size 8 instead of 256",
        "embedding 6 instead of 128",
        "batches of 32 instead of 256",
    )


def test_a_finished_study_runs_nothing_again(
    finished: tuple[Path, Study], study_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, study = finished
    before = (out / "study.html").read_bytes(), (out / "study.json").read_bytes()
    monkeypatch.setattr(loop.Trainer, "train", None)
    notes = Notes()
    assert conduct(study_data, out, TINY, notes) == study
    assert (notes.begun, notes.ended) == ([], _ARMS)
    assert ((out / "study.html").read_bytes(), (out / "study.json").read_bytes()) == before


def test_an_interrupted_study_comes_to_the_same_figures(
    finished: tuple[Path, Study], study_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "_SAVE_EVERY_S", 0.0)
    stops = [
        Notes("adam", 3),
        Notes("adam", "epoch's checkpoint"),
        Notes("adam", 9),
        Notes("adagrad", "beginning"),
        Notes("equal", 4),
    ]
    for notes in stops:
        with pytest.raises(InterruptedError):
            conduct(study_data, tmp_path / "study", TINY, notes)
    last = Notes()
    study = conduct(study_data, tmp_path / "study", TINY, last)
    assert [notes.begun for notes in stops] == [["adam"]] * 3 + [_ARMS[:3], _ARMS[2:7]]
    assert last.begun == _ARMS[6:]
    # Inside an arm it went on where it was; the test figure missed by the second stop was taken by the third.
    assert [notes.resumed_at[0] for notes in (*stops[1:3], last)] == [2, 6, 3]
    assert stops[1].tested_epochs == []
    assert stops[2].tested_epochs == [1]
    assert figures(study) == figures(finished[1])


def test_an_arm_that_diverges_is_a_finding(
    finished: tuple[Path, Study], study_corpus: PreparedCorpus, tmp_path: Path
) -> None:
    sgd = plan_of(TINY).arms[1]
    wild = replace(sgd, settings=replace(sgd.settings, learning_rate=1e38, clip_norm=0.0))
    diverged = run_arm(wild, study_corpus, tmp_path / "sgd", Notes())
    assert (diverged.stopped, diverged.best_epoch, diverged.rows, diverged.poems) == ("diverged", None, (), {})
    assert "not a number" in str(diverged.trouble)
    assert run_arm(wild, study_corpus, tmp_path / "sgd", Notes()) == diverged
    arms = finished[1].arms | {"sgd": diverged}
    study = study_of(plan_of(TINY), arms, study_corpus, study_corpus, diverged.began)
    assert (study.optimisers[0].stopped, study.optimisers[0].test_perplexity) == ("diverged", None)
    assert ">diverged</td>" in page_of(study)


def copied(out: Path, target: Path) -> Path:
    shutil.copytree(out, target)
    return target


@pytest.mark.parametrize(
    ("scale", "message"),
    [
        (TINY.with_epochs(1), "epochs=2 in arm adam, not 1"),
        (replace(TINY, base=replace(TINY.base, seed=2)), "seed=1 in arm adam, not 2"),
        (replace(TINY, hidden_sizes=(8, 12)), "other arms"),
        (replace(TINY, poems=(100, 10, 10)), "other data"),
        (replace(TINY, name="full"), "begun with --quick"),
    ],
)
def test_going_on_takes_the_same_settings_and_data(
    finished: tuple[Path, Study], study_data: Path, scale: plan.Scale, message: str
) -> None:
    with pytest.raises(TrainingError, match=message):
        conduct(study_data, finished[0], scale, Notes())


def test_a_study_begun_before_a_setting_existed_goes_on(
    finished: tuple[Path, Study], study_data: Path, tmp_path: Path
) -> None:
    out = copied(finished[0], tmp_path / "study")
    begun = json.loads((out / "plan.json").read_bytes())
    for arm in begun["arms"].values():
        assert arm.pop("weight_drop") == 0
    (out / "plan.json").write_text(json.dumps(begun))
    assert conduct(study_data, out, TINY, Notes()) == finished[1]
    changed = replace(TINY, base=replace(TINY.base, weight_drop=0.5))
    with pytest.raises(TrainingError, match=r"weight_drop=0\.0 in arm adam, not 0\.5"):
        conduct(study_data, out, changed, Notes())


def test_a_plan_with_a_setting_that_cannot_be_is_damaged(
    finished: tuple[Path, Study], study_data: Path, tmp_path: Path
) -> None:
    out = copied(finished[0], tmp_path / "study")
    begun = json.loads((out / "plan.json").read_bytes())
    begun["arms"]["adam"]["epochs"] = 0
    (out / "plan.json").write_text(json.dumps(begun))
    with pytest.raises(TrainingError, match=r"plan\.json is damaged.*epochs must be at least 1"):
        conduct(study_data, out, TINY, Notes())


def other_file(out: Path) -> None:
    out.mkdir()
    (out / "notes.txt").write_text("mine")


def no_folder(out: Path) -> None:
    out.write_text("a file")


def below_a_file(out: Path) -> None:
    out.parent.rmdir()
    out.parent.write_text("a file")


@pytest.mark.parametrize(
    ("prepare", "message"),
    [(other_file, "holds other files and no study"), (no_folder, "is no folder"), (below_a_file, "cannot write")],
)
def test_a_foreign_place_is_refused(
    study_data: Path, tmp_path: Path, prepare: Callable[[Path], None], message: str
) -> None:
    (tmp_path / "place").mkdir()
    prepare(tmp_path / "place" / "study")
    before = sorted(tmp_path.rglob("*"))
    notes = Notes()
    with pytest.raises(StorageError, match=message):
        conduct(study_data, tmp_path / "place" / "study", TINY, notes)
    assert notes.begun == []
    assert sorted(tmp_path.rglob("*")) == before


def test_what_a_killed_first_write_leaves_is_no_foreign_file(study_data: Path, tmp_path: Path) -> None:
    (tmp_path / ".plan.json.partial-x").write_text("")
    with pytest.raises(InterruptedError):
        conduct(study_data, tmp_path, TINY, Notes("adam", "beginning"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("plan.json", "{"),
        ("plan.json", '{"began": "2026-01-01"}'),
        ("arms/sgd/arm.json", '{"name": 1}'),
        ("arms/sgd/measures.json", "[]"),
    ],
)
def test_a_damaged_file_is_named(
    finished: tuple[Path, Study], study_data: Path, tmp_path: Path, name: str, content: str
) -> None:
    out = copied(finished[0], tmp_path / "study")
    (out / name).write_text(content)
    if name.endswith("measures.json"):
        (out / "arms/sgd/arm.json").unlink()
    with pytest.raises(TrainingError, match=f"{Path(name).name} is damaged"):
        conduct(study_data, out, TINY, Notes())


def test_a_lost_record_is_written_anew_from_the_weights(
    finished: tuple[Path, Study], study_data: Path, tmp_path: Path
) -> None:
    out = copied(finished[0], tmp_path / "study")
    (out / "arms/sgd/arm.json").unlink()
    notes = Notes()
    assert figures(conduct(study_data, out, TINY, notes)) == figures(finished[1])
    assert (notes.begun, notes.resumed_at) == (["sgd"], [12])


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["--data", "nowhere", "--out", "study"], 1, "nowhere is no prepared corpus"),
        (["--data", "DATA", "--out", "study"], 1, "too few for batches of 256"),
        (["--data", "DATA", "--out", "study", "--epochs", "0"], 2, "--epochs"),
        (["--out", "study"], 2, "--data"),
    ],
)
def test_an_error_is_one_line_before_any_work(
    study_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], status: int, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["study", *(str(study_data) if word == "DATA" else word for word in words)])
    assert (result.exit_code, result.stderr.count("\n")) == (status, 1), result.output
    assert message in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_command_shows_how_far_it_is(
    finished: tuple[Path, Study], study_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = copied(finished[0], tmp_path / "study")
    shutil.rmtree(out / "arms" / "hidden-12")
    monkeypatch.setattr(plan, "QUICK", TINY)
    result = CliRunner().invoke(app, ["study", "--data", str(study_data), "--out", str(out), "--quick"])
    assert result.exit_code == 0, result.output
    lines = result.stderr.splitlines()
    assert "arm 14 of 14: hidden-12" in lines
    assert sum(line.startswith("  epoch  1  perplexity") for line in lines) == 1
    assert lines[-1].endswith("study.json has all figures")


def test_the_full_study_is_the_default(study_data: Path, tmp_path: Path) -> None:
    with pytest.raises(PoetcoreError, match="batches of 256"):
        conduct(study_data, tmp_path / "study", FULL, Notes())
