"""The whole fine-tune: it learns a taste, goes on after anything as if nothing had happened, and makes a package."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from poetcore.cli import app
from poetcore.corpus.preparation import prepare
from poetcore.errors import CheckpointError, SettingsError, StorageError, TrainingError
from poetcore.generation import ComposeRequest, Poet
from poetcore.generation.lines import LineFilter
from poetcore.package import read_card, read_extras, read_package, write_package
from poetcore.prosody import form_named
from poetcore.prosody.text import is_hanzi
from poetcore.training.preference import loop
from poetcore.training.preference.finetune import FinetuneResult, finetune
from poetcore.training.preference.settings import FinetuneSettings, finetune_settings
from tests.training.preference.conftest import TASTY, Watching

Write = Callable[[Path, int], None]
QUICK = ("batch_poems=24", "replay_share=0.5", "learning_rate=0.01", "arithmetic=float32")


class Bench:
    """A poet, ratings and data, ready to be fine-tuned in folders of their own."""

    def __init__(self, poet: Path, data: Path, folder: Path, write: Write) -> None:
        self.poet, self.data, self.folder = poet, data, folder
        self.ratings = folder / "ratings.jsonl"
        write(self.ratings, 200)

    def run(self, name: str, settings: FinetuneSettings, stop_at: int | None = None) -> FinetuneResult:
        return finetune(
            settings, self.poet, self.ratings, self.data, self.folder / name, Watching(stop_at), version="tiny-2"
        )

    def curve(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / name / "metrics.jsonl").read_text().splitlines()]


@pytest.fixture
def bench(tiny_poet: Path, tiny_data: Path, tmp_path: Path, write_ratings: Write) -> Bench:
    return Bench(tiny_poet, tiny_data, tmp_path, write_ratings)


def share_liked(package: Path, poems: int = 240) -> float:
    """Of so many poems the share is known to three points."""
    poet = Poet.load(package)
    request = [ComposeRequest(form=form_named("五絕"), seed=seed, best_of=1, temperature=1.0) for seed in range(poems)]
    return sum(any(char in poet.compose(r).traditional for char in TASTY) for r in request) / poems


@pytest.mark.parametrize(("method", "least"), [("kto", 0.12), ("weighted", 0.05)])
def test_a_trivial_taste_is_learned(bench: Bench, method: str, least: float) -> None:
    result = bench.run(method, finetune_settings([*QUICK, f"method={method}", "updates=120", "replay_share=0.3"]))
    assert result.report["margin"] > 0.05
    after, before = share_liked(result.package), share_liked(bench.poet)
    assert after >= before + least


def test_shuffled_ratings_teach_nothing(bench: Bench) -> None:
    lines = [json.loads(line) for line in bench.ratings.read_text().splitlines()]
    shuffled = np.random.default_rng(1).permutation([line["rating"] for line in lines]).tolist()
    rows = [line | {"rating": rating} for line, rating in zip(lines, shuffled, strict=True)]
    bench.ratings.write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = bench.run("shuffled", finetune_settings([*QUICK, "updates=120", "replay_share=0.3"]))
    assert abs(share_liked(result.package) - share_liked(bench.poet)) < 0.08


def test_the_new_poet_stands_part_of_the_way_from_the_old_one(bench: Bench) -> None:
    # Float16 keeps eleven bits; weights are about 1 at most.
    settings = [*QUICK, "updates=3"]
    whole, half = (
        read_package(bench.run(f"to {share}", finetune_settings([*settings, f"tuned_share={share}"])).package)[1]
        for share in (1, 0.5)
    )
    _, old = read_package(bench.poet)
    moved = max(np.abs(whole[name] - old[name]).max() for name in old)
    assert moved > 5e-3
    for name, weights in old.items():
        np.testing.assert_allclose(half[name], (weights + whole[name]) / 2, atol=2e-3)


def test_the_package_says_where_it_comes_from(bench: Bench) -> None:
    result = bench.run("run", finetune_settings([*QUICK, "updates=2"]))
    card, parent = read_card(result.package), read_card(bench.poet)
    assert (card.version, card.parent, result.parent) == ("tiny-2", parent.version, parent.version)
    assert card.training["finetune"]["updates"] == 2
    assert card.training["finetune"]["selection"]["ratings"] == 200
    assert card.metrics == {"validation_perplexity": result.report["validation_perplexity_after"]}
    assert result.curves.read_bytes().startswith(b"\x89PNG")
    assert [row["update"] for row in bench.curve("run")] == [1, 2]
    assert Poet.load(result.package).compose(ComposeRequest(seed=1)).poet == "tiny-2"


def test_the_command_keeps_what_a_poet_takes_along(bench: Bench, tmp_path: Path) -> None:
    """Its lines of the corpus, what it chooses by: they are no weights, and are not learned."""
    extras = {"lines.safetensors": LineFilter.of(["春眠不覺曉"]).to_bytes()}
    card, tensors = read_package(bench.poet)
    write_package(tmp_path / "wary", card, tensors, extras)
    words = ["--poet", tmp_path / "wary", "--ratings", bench.ratings, "--data", bench.data, "--out", tmp_path / "next"]
    sets = [word for value in (*QUICK, "updates=2") for word in ("--set", value)]
    result = CliRunner().invoke(app, ["finetune", *map(str, words), *sets])
    assert result.exit_code == 0, result.output
    made = read_card(tmp_path / "next")
    assert made.parent == card.version
    assert read_extras(tmp_path / "next", made) == extras


def test_the_first_update_starts_from_the_reference(bench: Bench) -> None:
    bench.run("run", finetune_settings([*QUICK, "updates=1"]))
    assert bench.curve("run")[0]["margin"] == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("method", ["kto", "weighted"])
def test_a_broken_fine_tune_ends_as_an_unbroken_one(bench: Bench, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = finetune_settings([*QUICK, f"method={method}", "updates=9"])
    expected = bench.run("unbroken", settings)
    monkeypatch.setattr(loop, "_SAVE_EVERY_S", 0.0)
    for stop_at in (1, 4, 5):
        with pytest.raises(InterruptedError):
            bench.run("broken", settings, stop_at)
    result = bench.run("broken", settings)
    assert bench.curve("broken") == bench.curve("unbroken")
    for file in ("weights.safetensors",):
        assert (result.package / file).read_bytes() == (expected.package / file).read_bytes()


KILLED = """
import sys, os, signal
from pathlib import Path
import torch
torch.set_num_threads(1)
from poetcore.training.preference import loop
from poetcore.training.preference.finetune import finetune
from poetcore.training.preference.settings import finetune_settings
loop._SAVE_EVERY_S = 0.0
class Killer:
    def began(self, *told): pass
    def updated(self, progress):
        if progress.update == 5: os.kill(os.getpid(), signal.SIGKILL)
poet, ratings, data, run, *settings = sys.argv[1:]
finetune(finetune_settings(settings), Path(poet), Path(ratings), Path(data), Path(run), Killer(), version="tiny-2")
"""


def test_kill_minus_nine_costs_nothing(bench: Bench) -> None:
    settings = [*QUICK, "updates=8"]
    bench.run("unbroken", finetune_settings(settings))
    paths = [bench.poet, bench.ratings, bench.data, bench.folder / "killed"]
    command = [sys.executable, "-c", KILLED, *map(str, paths), *settings]
    killed = subprocess.run(command, check=False, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert killed.returncode == -signal.SIGKILL
    assert not (bench.folder / "killed" / "result.json").exists()
    bench.run("killed", finetune_settings(settings))
    assert bench.curve("killed") == bench.curve("unbroken")


def test_done_it_is_not_done_again(bench: Bench) -> None:
    settings = finetune_settings([*QUICK, "updates=2"])
    first = bench.run("run", settings)
    written = (first.package / "poet.json").stat().st_mtime_ns
    again = bench.run("run", settings, stop_at=1)
    assert (again.report, again.package) == (first.report, first.package)
    assert (again.package / "poet.json").stat().st_mtime_ns == written


def test_progress_is_told_at_every_update(bench: Bench) -> None:
    watching = Watching()
    settings = finetune_settings([*QUICK, "updates=3"])
    finetune(settings, bench.poet, bench.ratings, bench.data, bench.folder / "run", watching)
    assert [(told.update, told.updates) for told in watching.told] == [(1, 3), (2, 3), (3, 3)]
    assert watching.told[0].eta_s > 0
    assert watching.told[-1].eta_s == 0


def test_it_ends_within_its_minutes(bench: Bench) -> None:
    result = bench.run("run", finetune_settings([*QUICK, "updates=100000", "minutes=0.001"]))
    assert result.report["stopped"] == "minutes"
    assert 0 < result.report["updates"] < 1000


@pytest.mark.parametrize(
    ("change", "message"),
    [("beta=3", "other settings"), ("ratings", "other ratings"), ("version", "other version tiny-2")],
)
def test_a_folder_serves_one_fine_tune(bench: Bench, change: str, message: str, write_ratings: Write) -> None:
    bench.run("run", finetune_settings([*QUICK, "updates=1"]))
    assignments = [*QUICK, "updates=1"]
    version = "tiny-2"
    if change == "ratings":
        write_ratings(bench.ratings, 201)
    elif change == "version":
        version = "tiny-3"
    else:
        assignments.append(change)
    with pytest.raises(TrainingError, match=f"holds a fine-tune begun with {message}"):
        finetune(
            finetune_settings(assignments),
            bench.poet,
            bench.ratings,
            bench.data,
            bench.folder / "run",
            Watching(),
            version,
        )


def test_too_few_ratings_leave_no_folder_behind(bench: Bench, write_ratings: Write) -> None:
    write_ratings(bench.ratings, 30)
    with pytest.raises(TrainingError, match="there are 30 ratings, and a fine-tune needs 50"):
        bench.run("run", FinetuneSettings())
    assert not (bench.folder / "run").exists()


def test_what_this_machine_has_not_leaves_no_folder_behind(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SettingsError, match="arithmetic=float16 needs a GPU"):
        bench.run("run", finetune_settings([*QUICK, "arithmetic=float16"]))
    assert not (bench.folder / "run").exists()


def test_another_corpus_than_the_poets_leaves_no_folder_behind(bench: Bench, tiny_source: Path, tmp_path: Path) -> None:
    verses = (tiny_source / "poet.tang.0.json").read_text(encoding="utf-8")
    (tmp_path / "strange").mkdir()
    shifted = "".join(chr(ord(char) + 100) if is_hanzi(char) else char for char in verses)
    (tmp_path / "strange" / "poet.tang.0.json").write_text(shifted, encoding="utf-8")
    prepare(tmp_path / "strange", tmp_path / "data", ("tang",))
    bench.data = tmp_path / "data"
    with pytest.raises(TrainingError, match="give the corpus that it was trained on"):
        bench.run("run", FinetuneSettings())
    assert not (bench.folder / "run").exists()


def test_a_damaged_checkpoint_is_named(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "_SAVE_EVERY_S", 0.0)
    settings = finetune_settings([*QUICK, "updates=4"])
    with pytest.raises(InterruptedError):
        bench.run("run", settings, stop_at=3)
    checkpoint = bench.folder / "run" / "checkpoints" / "checkpoint.json"
    checkpoint.write_text(checkpoint.read_text().replace('"updates": 2', '"updates": 3'))
    with pytest.raises(CheckpointError, match="checksum differs; the one before it is whole"):
        bench.run("run", settings)


def test_a_full_disk_is_one_sentence_and_loses_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = finetune_settings([*QUICK, "updates=2"])
    with monkeypatch.context() as full:
        full.setattr(
            "poetcore.training.preference.finetune.write_package",
            lambda *_: (_ for _ in ()).throw(StorageError("cannot write poet: No space left on device")),
        )
        with pytest.raises(StorageError, match="No space left"):
            bench.run("run", settings)
    assert bench.run("run", settings).report["updates"] == 2


def test_what_is_not_a_number_is_said(bench: Bench) -> None:
    with pytest.raises(TrainingError, match="is not a number: fine-tune anew with a lower learning_rate"):
        bench.run("run", finetune_settings([*QUICK, "learning_rate=1e30", "updates=20"]))


def test_without_replay_and_validation_too(bench: Bench) -> None:
    settings = finetune_settings([*QUICK, "updates=2", "replay_share=0", "validation_poems=0"])
    result = bench.run("run", settings)
    assert result.report["validation_perplexity_after"] is None
    assert result.report["replay_loss"] == 0


def test_float16_without_a_gpu_is_refused(bench: Bench) -> None:
    if torch.cuda.is_available():
        pytest.skip("has a GPU")
    with pytest.raises(SettingsError, match="float16 needs a GPU"):
        bench.run("run", finetune_settings(["arithmetic=float16"]))
