"""A training that was broken off, in whatever way, goes on as if nothing had happened."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from poetcore.corpus import PreparedCorpus
from poetcore.training import loop
from poetcore.training.checkpoints import CURRENT, PREVIOUS, Checkpoint, save_checkpoint
from poetcore.training.export import packaged
from poetcore.training.loop import Trainer
from poetcore.training.presets import OPTIMISERS, TrainingSettings, settings_for
from poetcore.training.progress import Losses
from poetcore.training.run import Run, begin_run, open_run, resume_run
from tests.training.runs import SIZES, Silent, curve, unbroken


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


def test_minutes_end_a_run_that_resume_goes_on_with(
    tiny_corpus: PreparedCorpus, tiny_settings: TrainingSettings, tmp_path: Path
) -> None:
    expected = unbroken(tmp_path / "unbroken", tiny_settings, tiny_corpus)
    run = begin_run(tmp_path / "run", tiny_settings, tiny_corpus)
    assert Trainer(run, tiny_corpus, Silent()).train(minutes=0)["stopped"] == "minutes"
    assert Trainer(run, tiny_corpus, Silent()).train()["stopped"] == "epochs"
    assert curve(tmp_path / "run") == expected


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
