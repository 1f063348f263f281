"""The loop: it learns, stops in time, and says what went wrong."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from poetcore.corpus import PreparedCorpus
from poetcore.errors import TrainingError
from poetcore.training import loop
from poetcore.training.checkpoints import load_checkpoint
from poetcore.training.loop import Trainer
from poetcore.training.presets import TrainingSettings, settings_for
from poetcore.training.run import begin_run
from tests.training.runs import SIZES, Silent, curve, unbroken


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


def test_validation_turning_up_stops_and_the_best_weights_stay(tiny_corpus: PreparedCorpus, tmp_path: Path) -> None:
    settings = settings_for("seed", [*SIZES, "learning_rate=0.3", "epochs=40", "patience=1", "dropout=0"])
    run = begin_run(tmp_path / "run", settings, tiny_corpus)
    result = Trainer(run, tiny_corpus, Silent()).train()
    rows = curve(tmp_path / "run")
    assert result["stopped"] == "validation"
    assert rows[-1]["validation_perplexity"] > rows[-2]["validation_perplexity"]
    assert load_checkpoint(run.best).state["epoch"] == rows[-2]["epoch"] == result["best"]["epoch"]


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


def test_a_training_that_diverges_at_once_names_no_checkpoint(
    tiny_corpus: PreparedCorpus, tiny_settings: TrainingSettings, tmp_path: Path
) -> None:
    run = begin_run(tmp_path / "run", replace(tiny_settings, learning_rate=1e300), tiny_corpus)
    with pytest.raises(TrainingError, match=r"is not a number: start anew in another folder, with a lower learning"):
        Trainer(run, tiny_corpus, Silent()).train()
