"""The loop: it learns, stops, and goes on after anything as if nothing had happened."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from poetcore.corpus import PreparedCorpus
from poetcore.errors import CheckpointError, StorageError, TrainingError
from poetcore.training import loop
from poetcore.training.checkpoints import CURRENT, PREVIOUS, Checkpoint, load_checkpoint, save_checkpoint
from poetcore.training.export import packaged
from poetcore.training.hardware import Hardware
from poetcore.training.loop import Trainer
from poetcore.training.presets import OPTIMISERS, TrainingSettings, settings_for
from poetcore.training.progress import Losses, Progress
from poetcore.training.run import Run, begin_run, open_run, resume_run

SIZES = ("vocabulary_size=60", "embedding_size=8", "hidden_size=8", "batch_poems=16", "epochs=2", "dropout=0.2")


class Silent:
    """An observer that only looks; `stop_at` ends the run as an unforeseen error would."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.stop_at = stop_at
        self.resumed_at: int | None = None

    def began(self, progress: Progress, batches: int, updates: int, hardware: Hardware) -> None:
        self.resumed_at = progress.updates

    def updated(self, progress: Progress, loss: float) -> None:
        if progress.updates == self.stop_at:
            raise InterruptedError

    def epoch_ended(self, row: dict[str, Any]) -> None:
        pass


def curve(run_folder: Path) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in (run_folder / "metrics.jsonl").read_text().splitlines()]
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]


def unbroken(folder: Path, settings: TrainingSettings, corpus: PreparedCorpus) -> list[dict[str, Any]]:
    Trainer(begin_run(folder, settings, corpus), corpus, Silent()).train()
    return curve(folder)


def test_it_learns_and_leaves_what_a_person_wants(
    tiny_corpus: PreparedCorpus, tiny_settings: TrainingSettings, tmp_path: Path
) -> None:
    rows = unbroken(tmp_path / "run", tiny_settings, tiny_corpus)
    assert [row["epoch"] for row in rows] == [1, 2]
    assert rows[1]["validation_cross_entropy"] < rows[0]["validation_cross_entropy"] < 4.1  # ln 60
    assert all(row["sample"] for row in rows)
    assert (tmp_path / "run" / "curves.png").read_bytes().startswith(b"\x89PNG")
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert result["stopped"] == "epochs"
    assert result["best"]["epoch"] == 2
    assert 1 < result["test_perplexity"] < 60


@pytest.mark.parametrize(("optimiser", "lstm"), [*((name, "own") for name in OPTIMISERS), ("adam", "torch")])
def test_a_broken_run_resumes_to_the_same_curve(
    tiny_corpus: PreparedCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, optimiser: str, lstm: str
) -> None:
    settings = settings_for("seed", [*SIZES, f"optimiser={optimiser}", f"lstm={lstm}", "learning_rate=0.05"])
    expected = unbroken(tmp_path / "unbroken", settings, tiny_corpus)
    monkeypatch.setattr(loop, "_SAVE_EVERY_S", 0.0)
    folder = tmp_path / "broken"
    with pytest.raises(InterruptedError):
        Trainer(begin_run(folder, settings, tiny_corpus), tiny_corpus, Silent(stop_at=7)).train()
    for stop_at in (20, 25, None):
        observer = Silent(stop_at)
        trainer = Trainer(resume_run(folder, settings, tiny_corpus), tiny_corpus, observer)
        if stop_at is None:
            trainer.train()
        else:
            with pytest.raises(InterruptedError):
                trainer.train()
        assert observer.resumed_at
    assert curve(folder) == expected


@pytest.mark.parametrize(("first", "then"), [("own", "torch"), ("torch", "own")])
def test_an_averaged_run_goes_on_with_the_other_layer(
    tiny_corpus: PreparedCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str, then: str
) -> None:
    settings = settings_for(
        "seed", [*SIZES, "average=0.9", f"lstm={first}", "learning_rate=0.05", "arithmetic=float32"]
    )
    expected = unbroken(tmp_path / "unbroken", settings, tiny_corpus)
    monkeypatch.setattr(loop, "_SAVE_EVERY_S", 0.0)
    begun = begin_run(tmp_path / "broken", settings, tiny_corpus)
    with pytest.raises(InterruptedError):
        Trainer(begun, tiny_corpus, Silent(stop_at=20)).train()
    # As with lstm=auto on a machine whose fastest layer is the other one.
    moved = replace(begun, settings=replace(settings, lstm=then))
    observer = Silent()
    Trainer(moved, tiny_corpus, observer).train()
    assert observer.resumed_at
    for row, its in zip(curve(begun.folder), expected, strict=True):
        assert row["validation_cross_entropy"] == pytest.approx(its["validation_cross_entropy"], rel=1e-4)
    (_, tensors), (_, others) = packaged(moved), packaged(open_run(tmp_path / "unbroken"))
    assert tensors.keys() == others.keys()
    for name, tensor in tensors.items():
        np.testing.assert_allclose(tensor, others[name], atol=2e-3)


def test_losses_that_a_gpu_has_not_told_yet_are_in_no_checkpoint(
    tiny_corpus: PreparedCorpus, tiny_settings: TrainingSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As on a GPU, where losses are read once in a while.
    monkeypatch.setattr(Losses, "due", property(lambda losses: len(losses._sums) >= 4))
    expected = unbroken(tmp_path / "unbroken", tiny_settings, tiny_corpus)
    monkeypatch.setattr(loop, "_SAVE_EVERY_S", 0.0)
    run = begin_run(tmp_path / "broken", tiny_settings, tiny_corpus)
    with pytest.raises(InterruptedError):
        Trainer(run, tiny_corpus, Silent(stop_at=8)).train()
    observer = Silent()
    Trainer(run, tiny_corpus, observer).train()
    assert observer.resumed_at == 4
    assert curve(tmp_path / "broken") == expected


def test_an_epoch_that_was_saved_but_not_evaluated_is_evaluated_first(
    tiny_corpus: PreparedCorpus, tiny_settings: TrainingSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(tiny_settings, epochs=1)
    expected = unbroken(tmp_path / "unbroken", settings, tiny_corpus)
    run = begin_run(tmp_path / "broken", settings, tiny_corpus)

    def cut_off(_: Trainer) -> None:
        raise InterruptedError

    with monkeypatch.context() as broken:
        broken.setattr(loop, "_SAVE_EVERY_S", 0.0)
        broken.setattr(Trainer, "_end_epoch", cut_off)
        trainer = Trainer(run, tiny_corpus, Silent())
        with pytest.raises(InterruptedError):
            trainer.train()
    assert Trainer(run, tiny_corpus, Silent()).train()["best"]["epoch"] == 1
    assert curve(tmp_path / "broken") == expected


def test_the_last_two_checkpoints_are_of_different_updates(
    tiny_corpus: PreparedCorpus, tiny_settings: TrainingSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "_SAVE_EVERY_S", 0.0)
    run = begin_run(tmp_path / "run", tiny_settings, tiny_corpus)
    last = Trainer(run, tiny_corpus, Silent()).train()["updates"]
    (run.checkpoints / CURRENT).unlink()
    assert load_checkpoint(run.checkpoints).state["updates"] == last - 1


# Kills itself with SIGKILL when the given number of files has been written, or half written.
KILLED_RUN = """
import os, signal, sys
from pathlib import Path
from poetcore.corpus import PreparedCorpus
from poetcore.progress import TrainingDisplay
from poetcore.training import loop
from poetcore.training.presets import settings_for
from poetcore.training.run import begin_run, resume_run

data, out, kill_at, *assignments = sys.argv[1:]
loop._SAVE_EVERY_S = 0.0
written = 0
whole_write = os.fsync
def fsync(descriptor):
    global written
    whole_write(descriptor)
    written += 1
    if written == int(kill_at):
        os.kill(os.getpid(), signal.SIGKILL)
os.fsync = fsync
corpus, settings = PreparedCorpus.load(Path(data)), settings_for("seed", assignments)
run = (resume_run if (Path(out) / "run.json").exists() else begin_run)(Path(out), settings, corpus)
with TrainingDisplay() as display:
    loop.Trainer(run, corpus, display).train()
"""


@pytest.fixture(scope="module")
def unkilled_curve(tiny_corpus: PreparedCorpus, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return unbroken(tmp_path_factory.mktemp("unkilled") / "run", settings_for("seed", SIZES), tiny_corpus)


@pytest.mark.parametrize("kill_at", [9, 11, 13, 57])
def test_kill_9_at_any_write_loses_nothing(
    tiny_data: Path, tiny_corpus: PreparedCorpus, tmp_path: Path, unkilled_curve: list[dict[str, Any]], kill_at: int
) -> None:
    settings = settings_for("seed", SIZES)
    folder = tmp_path / "killed"
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_RUN, str(tiny_data), str(folder), str(kill_at), *SIZES],
        check=False,
        capture_output=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert killed.returncode == -signal.SIGKILL
    observer = Silent()
    Trainer(resume_run(folder, settings, tiny_corpus), tiny_corpus, observer).train()
    assert observer.resumed_at
    assert curve(folder) == unkilled_curve
    named = {json.loads(path.read_text())["tensors"]["file"] for path in (folder / "checkpoints").glob("*.json")}
    assert {path.name for path in (folder / "checkpoints").iterdir()} == named | {CURRENT, PREVIOUS}


@pytest.mark.parametrize("moment", ["optimiser", "curve"])
def test_an_interrupt_at_any_moment_resumes_to_the_same_curve(
    tiny_corpus: PreparedCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    settings = settings_for("seed", SIZES)
    expected = unbroken(tmp_path / "unbroken", settings, tiny_corpus)
    monkeypatch.setattr(loop, "_SAVE_EVERY_S", 0.0)
    run = begin_run(tmp_path / "run", settings, tiny_corpus)
    with monkeypatch.context() as patch:
        trainer = Trainer(run, tiny_corpus, Silent())
        if moment == "optimiser":
            step = trainer._learner._optimiser.step

            def interrupted(*_: object) -> None:
                step()
                if trainer._progress.updates == 7:
                    raise KeyboardInterrupt

            patch.setattr(trainer._learner._optimiser, "step", interrupted)
        else:
            # After the last epoch's checkpoint, before its row is in metrics.jsonl.
            write = type(run).write_metrics

            def interrupted_write(run: Run, history: list[dict[str, Any]]) -> None:
                if len(history) == settings.epochs:
                    raise KeyboardInterrupt
                write(run, history)

            patch.setattr(Run, "write_metrics", interrupted_write)
        with pytest.raises(KeyboardInterrupt):
            trainer.train()
    Trainer(run, tiny_corpus, Silent()).train()
    assert curve(tmp_path / "run") == expected


def test_lost_checkpoints_are_an_error_and_not_a_new_beginning(
    tiny_corpus: PreparedCorpus, tiny_settings: TrainingSettings, tmp_path: Path
) -> None:
    run = begin_run(tmp_path / "run", tiny_settings, tiny_corpus)
    Trainer(run, tiny_corpus, Silent()).train()
    shutil.rmtree(run.checkpoints)
    with pytest.raises(CheckpointError, match="holds no checkpoint, but epochs were trained"):
        Trainer(run, tiny_corpus, Silent()).train()


def test_validation_turning_up_stops_and_the_best_weights_stay(tiny_corpus: PreparedCorpus, tmp_path: Path) -> None:
    settings = settings_for("seed", [*SIZES, "learning_rate=0.3", "epochs=40", "patience=1", "dropout=0"])
    run = begin_run(tmp_path / "run", settings, tiny_corpus)
    result = Trainer(run, tiny_corpus, Silent()).train()
    rows = curve(tmp_path / "run")
    assert result["stopped"] == "validation"
    assert rows[-1]["validation_perplexity"] > rows[-2]["validation_perplexity"]
    assert load_checkpoint(run.best).state["epoch"] == rows[-2]["epoch"] == result["best"]["epoch"]


def test_minutes_end_a_run_that_resume_goes_on_with(
    tiny_corpus: PreparedCorpus, tiny_settings: TrainingSettings, tmp_path: Path
) -> None:
    expected = unbroken(tmp_path / "unbroken", tiny_settings, tiny_corpus)
    run = begin_run(tmp_path / "run", tiny_settings, tiny_corpus)
    assert Trainer(run, tiny_corpus, Silent()).train(minutes=0)["stopped"] == "minutes"
    assert Trainer(run, tiny_corpus, Silent()).train()["stopped"] == "epochs"
    assert curve(tmp_path / "run") == expected


def test_a_loss_that_is_no_number_is_an_error_and_the_checkpoint_stays(
    tiny_corpus: PreparedCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "_SAVE_EVERY_S", 0.0)
    settings = settings_for("seed", [*SIZES, "optimiser=sgd", "learning_rate=1e30"])
    run = begin_run(tmp_path / "run", settings, tiny_corpus)
    with pytest.raises(TrainingError, match="not a number"):
        Trainer(run, tiny_corpus, Silent()).train()
    assert load_checkpoint(run.checkpoints).state["updates"] >= 1


def test_weights_that_are_no_numbers_are_never_saved(
    tiny_corpus: PreparedCorpus, tiny_settings: TrainingSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "_SAVE_EVERY_S", 0.0)
    run = begin_run(tmp_path / "run", tiny_settings, tiny_corpus)
    trainer = Trainer(run, tiny_corpus, Silent())
    step = trainer._learner._optimiser.step

    def poisoned(*_: object) -> None:
        step()
        if trainer._progress.updates == 5:
            trainer.model.output.bias.data[3] = float("nan")

    monkeypatch.setattr(trainer._learner._optimiser, "step", poisoned)
    with pytest.raises(TrainingError, match="update 6 is not a number"):
        trainer.train()
    assert load_checkpoint(run.checkpoints).state["updates"] == 5


def test_a_validation_beyond_all_numbers_is_an_error(
    tiny_corpus: PreparedCorpus, tiny_settings: TrainingSettings, tmp_path: Path
) -> None:
    run = begin_run(tmp_path / "run", replace(tiny_settings, learning_rate=1e4), tiny_corpus)
    with pytest.raises(TrainingError, match="the validation perplexity of epoch 1 is not a number"):
        Trainer(run, tiny_corpus, Silent()).train()
    assert not run.best.exists()


def test_a_full_disk_is_an_error_and_the_last_checkpoint_stays(
    tiny_corpus: PreparedCorpus, tiny_settings: TrainingSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "_SAVE_EVERY_S", 0.0)
    run = begin_run(tmp_path / "run", tiny_settings, tiny_corpus)
    with pytest.raises(InterruptedError):
        Trainer(run, tiny_corpus, Silent(stop_at=5)).train()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StorageError, match="No space left on device"):
            Trainer(run, tiny_corpus, Silent()).train()
    assert load_checkpoint(run.checkpoints).state["updates"] == 4
    assert not list(tmp_path.rglob("*.partial*"))


@pytest.mark.parametrize("damage", ["torn tensors", "changed tensors", "changed state", "torn state", "no tensors"])
def test_a_damaged_checkpoint_is_named_and_the_one_before_it_works(
    tiny_corpus: PreparedCorpus,
    tiny_settings: TrainingSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    damage: str,
) -> None:
    monkeypatch.setattr(loop, "_SAVE_EVERY_S", 0.0)
    run = begin_run(tmp_path / "run", tiny_settings, tiny_corpus)
    with pytest.raises(InterruptedError):
        Trainer(run, tiny_corpus, Silent(stop_at=6)).train()
    current = run.checkpoints / CURRENT
    tensors = run.checkpoints / json.loads(current.read_text())["tensors"]["file"]
    damages = {
        "torn tensors": lambda: os.truncate(tensors, tensors.stat().st_size // 2),
        "changed tensors": lambda: tensors.write_bytes(tensors.read_bytes()[:-1] + b"\x01"),
        "changed state": lambda: current.write_text(current.read_text().replace('"updates": 5', '"updates": 6')),
        "torn state": lambda: os.truncate(current, 40),
        "no tensors": tensors.unlink,
    }
    damages[damage]()
    with pytest.raises(CheckpointError, match=r"the one before it is whole: delete checkpoint\.json") as caught:
        Trainer(run, tiny_corpus, Silent()).train()
    assert "resume from update 4" in str(caught.value)
    current.unlink()
    observer = Silent(stop_at=5)
    with pytest.raises(InterruptedError):
        Trainer(run, tiny_corpus, observer).train()
    assert observer.resumed_at == 4


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_text("{")])
def test_best_weights_that_are_lost_are_missed_before_training_goes_on(
    tiny_corpus: PreparedCorpus, tiny_settings: TrainingSettings, tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    run = begin_run(tmp_path / "run", tiny_settings, tiny_corpus)
    # Either epoch was the best so far, and the folder keeps the weights of both.
    Trainer(run, tiny_corpus, Silent()).train()
    damage(run.best / CURRENT)
    with pytest.raises(CheckpointError, match="does not hold the weights of epoch 2, the best so far: put it back"):
        Trainer(run, tiny_corpus, Silent()).train()


def test_a_run_that_was_killed_before_its_best_weights_were_noted_goes_on(
    tiny_corpus: PreparedCorpus, tiny_settings: TrainingSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = unbroken(tmp_path / "unbroken", tiny_settings, tiny_corpus)
    run = begin_run(tmp_path / "run", tiny_settings, tiny_corpus)
    monkeypatch.setattr(loop, "_SAVE_EVERY_S", 0.0)
    trainer = Trainer(run, tiny_corpus, Silent())

    def killed_after_the_second_best(folder: Path, checkpoint: Checkpoint) -> None:
        save_checkpoint(folder, checkpoint)
        if folder == run.best and checkpoint.state["epoch"] == 2:
            raise InterruptedError

    monkeypatch.setattr(loop, "save_checkpoint", killed_after_the_second_best)
    with pytest.raises(InterruptedError):
        trainer.train()
    monkeypatch.setattr(loop, "save_checkpoint", save_checkpoint)
    Trainer(run, tiny_corpus, Silent()).train()
    assert curve(run.folder) == expected


def test_a_damaged_checkpoint_before_the_last_does_not_matter(
    tiny_corpus: PreparedCorpus, tiny_settings: TrainingSettings, tmp_path: Path
) -> None:
    expected = unbroken(tmp_path / "unbroken", tiny_settings, tiny_corpus)
    run = begin_run(tmp_path / "run", tiny_settings, tiny_corpus)
    Trainer(run, tiny_corpus, Silent()).train()
    (run.checkpoints / PREVIOUS).write_text("{")
    Trainer(run, tiny_corpus, Silent()).train()
    assert curve(run.folder) == expected


def test_a_training_that_diverges_at_once_names_no_checkpoint(
    tiny_corpus: PreparedCorpus, tiny_settings: TrainingSettings, tmp_path: Path
) -> None:
    run = begin_run(tmp_path / "run", replace(tiny_settings, learning_rate=1e300), tiny_corpus)
    with pytest.raises(TrainingError, match=r"is not a number: start anew in another folder, with a lower learning"):
        Trainer(run, tiny_corpus, Silent()).train()
