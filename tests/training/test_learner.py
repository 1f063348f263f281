"""An update by itself."""

from importlib import import_module
from pathlib import Path

import pytest
import torch

from poetcore.corpus import TRAIN, PreparedCorpus
from poetcore.training.data import Epoch, Sequences
from poetcore.training.hardware import Hardware
from poetcore.training.learner import Learner
from poetcore.training.presets import OPTIMISERS, settings_for
from poetcore.training.run import begin_run

# Everything that costs an update anything is switched on.
SETTINGS = (
    *("vocabulary_size=60", "embedding_size=8", "hidden_size=8", "context_size=4", "condition_size=4"),
    *("collections=tang", "batch_poems=16", "dropout=0.2", "weight_drop=0.1", "average=0.9", "clip_norm=1"),
)

# Tensors there have no values: what copies one to the CPU, or waits for one, is an error.
ELSEWHERE = torch.device("meta")


@pytest.fixture
def fused_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let torch's fused optimisers run there as they do on a GPU."""
    # torch deletes the name of this module from its package.
    optimizer = import_module("torch.optim.optimizer")
    monkeypatch.setattr(optimizer, "_get_fused_kernels_supported_devices", lambda: [ELSEWHERE.type])


@pytest.mark.usefixtures("fused_elsewhere")
@pytest.mark.parametrize("lstm", ["torch", "own"])
@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_no_update_waits_for_the_device_or_leaves_it(
    tiny_corpus: PreparedCorpus, tmp_path: Path, optimiser: str, lstm: str
) -> None:
    settings = settings_for("base", [*SETTINGS, f"optimiser={optimiser}"])
    run = begin_run(tmp_path / "run", settings, tiny_corpus)
    learner = Learner(run, Hardware(ELSEWHERE, torch.float32, lstm), updates=2)
    training = Sequences(tiny_corpus, TRAIN, settings, ELSEWHERE)
    epoch = Epoch.of(len(training), settings.seed, 1)
    for number, poems in enumerate((epoch.order[:16], epoch.order[16:32])):
        loss = learner.update(number, training.batch(poems, epoch.told[poems]), training.predictions(poems))
        assert loss.device == ELSEWHERE
