"""What a run is begun with: refused before anything is written, or good to go on with."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner, Result

from poetcore.cli import app
from poetcore.corpus import PreparedCorpus
from poetcore.errors import SettingsError, TrainingError
from poetcore.nn.language_model import LanguageModel
from poetcore.training.export import packaged
from poetcore.training.hardware import Hardware
from poetcore.training.optimisers import build_optimiser, training_bytes
from poetcore.training.presets import OPTIMISERS, TrainingSettings, settings_for
from poetcore.training.run import begin_run, open_run, resume_run

SIZES = ("vocabulary_size=60", "embedding_size=8", "hidden_size=8", "layers=2", "batch_poems=16", "epochs=1")


def train(data: Path, out: Path, *assignments: str) -> Result:
    sets = [word for assignment in (*SIZES, *assignments) for word in ("--set", assignment)]
    return CliRunner().invoke(app, ["train", "--data", str(data), "--out", str(out), *sets])


def test_arithmetic_that_needs_a_gpu_is_refused_and_the_corrected_command_runs(
    tiny_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    refused = train(tiny_data, tmp_path / "run", "arithmetic=float16")
    assert refused.exit_code == 2
    assert refused.stderr == "error: arithmetic=float16 needs a GPU: use bfloat16, float32 or auto\n"
    assert not (tmp_path / "run").exists()
    assert train(tiny_data, tmp_path / "run", "arithmetic=float32").exit_code == 0


def test_sizes_that_the_memory_cannot_hold_are_refused_before_anything_is_written(
    tiny_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Hardware, "memory", 64_000_000_000)
    # 64 layers of 2 * 4 * 16,384 * 16,384 weights; each with a gradient and Adam's two moments, 4 bytes all.
    refused = train(tiny_data, tmp_path / "run", "hidden_size=16384", "layers=64")
    assert refused.exit_code == 2
    assert refused.stderr == (
        "error: embedding_size=8, hidden_size=16384 and layers=64 make a model whose weights, gradients and optimiser "
        "need 2,181.9 GB, and this machine has 64.0 GB: set smaller ones\n"
    )
    assert not (tmp_path / "run").exists()


def test_a_run_that_a_smaller_machine_cannot_hold_is_not_resumed_there(
    tiny_corpus: PreparedCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for("seed", SIZES)
    begun = begin_run(tmp_path / "run", settings, tiny_corpus)
    needed = 4 * 4 * begun.parameters
    monkeypatch.setattr(Hardware, "memory", needed)
    assert resume_run(tmp_path / "run", settings, tiny_corpus) == begun
    monkeypatch.setattr(Hardware, "memory", needed - 1)
    with pytest.raises(SettingsError, match="hidden_size=8 and layers=2 make a model"):
        resume_run(tmp_path / "run", settings, tiny_corpus)


@pytest.mark.parametrize("told", [(), ("context_size=4", "condition_size=4"), ("tied=true",)])
def test_a_run_knows_how_many_numbers_its_model_learns(
    tiny_corpus: PreparedCorpus, tmp_path: Path, told: tuple[str, ...]
) -> None:
    run = begin_run(tmp_path / "run", settings_for("seed", [*SIZES, *told]), tiny_corpus)
    model = LanguageModel(run.architecture)
    assert run.parameters == sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_training_takes_the_bytes_that_were_reckoned_with(optimiser: str) -> None:
    settings = settings_for("seed", [f"optimiser={optimiser}"])
    weight = torch.nn.Parameter(torch.ones(10, 10))
    weight.grad = torch.ones(10, 10)
    trained = build_optimiser([weight], settings, gate_weights=[torch.nn.Parameter(torch.ones(4, 4))])
    trained.step()
    kept = [tensor for tensor in trained.state[weight].values() if tensor is not None and tensor.numel() == 100]
    assert training_bytes(100, settings) == sum(tensor.nbytes for tensor in (weight, weight.grad, *kept))
    averaged = settings_for("seed", [f"optimiser={optimiser}", "average=0.9"])
    assert training_bytes(100, averaged) == training_bytes(100, settings) + 400


def test_resuming_takes_the_same_settings_and_data(
    tiny_corpus: PreparedCorpus, tiny_settings: TrainingSettings, tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match="holds no run"):
        resume_run(tmp_path / "run", tiny_settings, tiny_corpus)
    begin_run(tmp_path / "run", tiny_settings, tiny_corpus)
    assert open_run(tmp_path / "run").settings == tiny_settings
    with pytest.raises(TrainingError, match="add --resume"):
        begin_run(tmp_path / "run", tiny_settings, tiny_corpus)
    with pytest.raises(TrainingError, match="begun with hidden_size=8, not 256"):
        resume_run(
            tmp_path / "run",
            settings_for("seed", [s for s in SIZES if "hidden" not in s] + ["layers=2", "learning_rate=0.01"]),
            tiny_corpus,
        )


def test_resuming_takes_the_same_weights_to_begin_with_and_as_many_processes(
    tiny_data: Path, tiny_corpus: PreparedCorpus, tmp_path: Path
) -> None:
    assert train(tiny_data, tmp_path / "first").exit_code == 0
    settings, (card, _) = settings_for("seed", SIZES), packaged(open_run(tmp_path / "first"))
    begin_run(tmp_path / "run", settings, tiny_corpus, card)
    assert resume_run(tmp_path / "run", settings, tiny_corpus, card).start == card.version
    with pytest.raises(TrainingError, match=f"began with the weights of {card.version}, not with random weights"):
        resume_run(tmp_path / "run", settings, tiny_corpus)
    with pytest.raises(TrainingError, match=f"began with random weights, not with the weights of {card.version}"):
        resume_run(tmp_path / "first", settings, tiny_corpus, card)
    with pytest.raises(TrainingError, match="was begun with processes=1, not 2: start as many"):
        resume_run(tmp_path / "first", settings, tiny_corpus, processes=2)


def test_a_corpus_too_small_for_the_batches_is_refused(tiny_corpus: PreparedCorpus, tmp_path: Path) -> None:
    settings = settings_for("seed", [*SIZES, "batch_poems=5000"])
    with pytest.raises(TrainingError, match="too few for batches of 5000"):
        begin_run(tmp_path / "run", settings, tiny_corpus)
    settings = settings_for("seed", [*SIZES, "batch_poems=200"])
    with pytest.raises(TrainingError, match=r"too few for batches of 200 \(batch_poems\) times 2 processes"):
        begin_run(tmp_path / "run", settings, tiny_corpus, processes=2)
    assert list(tmp_path.iterdir()) == []


def test_a_corpus_without_validation_poems_is_refused(tiny_corpus: PreparedCorpus, tmp_path: Path) -> None:
    unsplit = replace(tiny_corpus, splits=np.zeros_like(tiny_corpus.splits))
    with pytest.raises(TrainingError, match="has no poem to validate on: prepare a larger corpus"):
        begin_run(tmp_path / "run", settings_for("seed", SIZES), unsplit)
    assert list(tmp_path.iterdir()) == []
