"""A poet trained for a second on the small collection, and ratings of poems in its characters."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from poetcore.corpus import PreparedCorpus
from poetcore.package import write_package
from poetcore.training.export import packaged
from poetcore.training.hardware import Hardware
from poetcore.training.loop import Trainer
from poetcore.training.preference.progress import FinetuneProgress
from poetcore.training.presets import settings_for
from poetcore.training.progress import Progress
from poetcore.training.run import begin_run

TASTY = "一丁七"
"""What the toy readers like to see: the first characters of the small collection's alphabet."""


class Silent:
    """An observer of training that looks away."""

    def began(self, progress: Progress, batches: int, updates: int, hardware: Hardware) -> None:
        pass

    def updated(self, progress: Progress, loss: float) -> None:
        pass

    def epoch_ended(self, row: dict[str, Any]) -> None:
        pass


class Watching:
    """An observer of a fine-tune that remembers; `stop_at` ends it as an unforeseen error would."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.stop_at = stop_at
        self.resumed_at: int | None = None
        self.told: list[FinetuneProgress] = []

    def began(self, resumed_at: int, updates: int, hardware: str, selection: str) -> None:
        self.resumed_at = resumed_at

    def updated(self, progress: FinetuneProgress) -> None:
        self.told.append(progress)
        if progress.update == self.stop_at:
            raise InterruptedError


@pytest.fixture(scope="session")
def tiny_poet(tiny_corpus: PreparedCorpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package with a vocabulary of 63, told of lines and forms, trained for three epochs."""
    sizes = ["vocabulary_size=65", "embedding_size=16", "hidden_size=16", "layers=2", "batch_poems=16", "tied=true"]
    told = ["context_size=4", "condition_size=4", "epochs=3", "learning_rate=0.01"]
    folder = tmp_path_factory.mktemp("tiny-poet")
    run = begin_run(folder / "run", settings_for("seed", [*sizes, *told]), tiny_corpus)
    Trainer(run, tiny_corpus, Silent()).train()
    write_package(folder / "poet", *packaged(run))
    return folder / "poet"


def verse(random: np.random.Generator) -> str:
    """A 五絕 of random characters of the small collection."""
    lines = ["".join(chr(0x4E00 + code) for code in random.integers(60, size=5)) for _ in range(4)]
    return "{}，{}。{}，{}。".format(*lines)


@pytest.fixture(scope="session")
def write_ratings() -> Callable[[Path, int], None]:
    """Writes a file of so many ratings by ten readers who like poems with at least one of `TASTY`."""

    def write(path: Path, count: int) -> None:
        random = np.random.default_rng(5)
        lines = []
        for number in range(count):
            text = verse(random)
            liked = any(char in text for char in TASTY)
            lines.append({"text": text, "rating": 1 if liked else -1, "rater": str(number % 10), "poet": "tiny"})
        path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")

    return write
