"""Checkpoints that are lost, damaged or that the disk has no room for: what is whole stays, the rest is named."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from poetcore.corpus import PreparedCorpus
from poetcore.errors import CheckpointError, StorageError
from poetcore.training import loop
from poetcore.training.checkpoints import CURRENT, PREVIOUS, load_checkpoint
from poetcore.training.loop import Trainer
from poetcore.training.presets import TrainingSettings
from poetcore.training.run import begin_run
from tests.training.runs import Silent, curve, unbroken


def test_the_last_two_checkpoints_are_of_different_updates(
    tiny_corpus: PreparedCorpus, tiny_settings: TrainingSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "_SAVE_EVERY_S", 0.0)
    run = begin_run(tmp_path / "run", tiny_settings, tiny_corpus)
    last = Trainer(run, tiny_corpus, Silent()).train()["updates"]
    (run.checkpoints / CURRENT).unlink()
    assert load_checkpoint(run.checkpoints).state["updates"] == last - 1


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


def test_a_damaged_checkpoint_before_the_last_does_not_matter(
    tiny_corpus: PreparedCorpus, tiny_settings: TrainingSettings, tmp_path: Path
) -> None:
    expected = unbroken(tmp_path / "unbroken", tiny_settings, tiny_corpus)
    run = begin_run(tmp_path / "run", tiny_settings, tiny_corpus)
    Trainer(run, tiny_corpus, Silent()).train()
    (run.checkpoints / PREVIOUS).write_text("{")
    Trainer(run, tiny_corpus, Silent()).train()
    assert curve(run.folder) == expected


def test_lost_checkpoints_are_an_error_and_not_a_new_beginning(
    tiny_corpus: PreparedCorpus, tiny_settings: TrainingSettings, tmp_path: Path
) -> None:
    run = begin_run(tmp_path / "run", tiny_settings, tiny_corpus)
    Trainer(run, tiny_corpus, Silent()).train()
    shutil.rmtree(run.checkpoints)
    with pytest.raises(CheckpointError, match="holds no checkpoint, but epochs were trained"):
        Trainer(run, tiny_corpus, Silent()).train()


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
