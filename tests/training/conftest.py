"""A small prepared corpus and settings that train on it in a second."""

from pathlib import Path

import pytest
import torch

from poetcore.corpus import PreparedCorpus
from poetcore.corpus.preparation import prepare
from poetcore.training.presets import TrainingSettings, settings_for


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Models this small are slower on two threads than on one."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_data(tiny_source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small collection, prepared."""
    data = tmp_path_factory.mktemp("tiny-data") / "data"
    prepare(tiny_source, data, ("tang",))
    return data


@pytest.fixture(scope="session")
def tiny_corpus(tiny_data: Path) -> PreparedCorpus:
    """The corpus, loaded."""
    return PreparedCorpus.load(tiny_data)


@pytest.fixture
def tiny_settings() -> TrainingSettings:
    """Two small layers with dropout, two epochs."""
    sizes = ("vocabulary_size=60", "embedding_size=8", "hidden_size=8", "layers=2", "batch_poems=16", "dropout=0.2")
    return settings_for("seed", [*sizes, "epochs=2", "learning_rate=0.01"])
