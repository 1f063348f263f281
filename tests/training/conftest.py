"""A corpus of a few hundred small verses and settings that train on it in a second."""

import json
from pathlib import Path

import numpy as np
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
def tiny_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared corpus of 300 verses; a hanzi's successor is one of six, so there is something to learn."""
    random = np.random.default_rng(0)
    source = tmp_path_factory.mktemp("tiny")
    poems = []
    for _ in range(300):
        codes = (random.integers(60, size=(4, 1)) + np.cumsum(random.integers(1, 7, size=(4, 5)), axis=1)) % 60
        lines = ["".join(chr(0x4E00 + code) for code in line) for line in codes]
        poems.append({"author": "", "title": "", "paragraphs": ["{}，{}。{}，{}。".format(*lines)]})
    (source / "poet.tang.0.json").write_text(json.dumps(poems, ensure_ascii=False), encoding="utf-8")
    prepare(source, source / "data", ("tang",))
    return source / "data"


@pytest.fixture(scope="session")
def tiny_corpus(tiny_data: Path) -> PreparedCorpus:
    """The corpus, loaded."""
    return PreparedCorpus.load(tiny_data)


@pytest.fixture
def tiny_settings() -> TrainingSettings:
    """Two small layers with dropout, two epochs."""
    sizes = ("vocabulary_size=60", "embedding_size=8", "hidden_size=8", "layers=2", "batch_poems=16", "dropout=0.2")
    return settings_for("seed", [*sizes, "epochs=2", "learning_rate=0.01"])
