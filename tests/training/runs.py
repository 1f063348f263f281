"""Runs for the tests of the loop."""

import json
from pathlib import Path
from typing import Any

from poetcore.corpus import PreparedCorpus
from poetcore.training.hardware import Hardware
from poetcore.training.loop import Trainer
from poetcore.training.presets import TrainingSettings
from poetcore.training.progress import Progress
from poetcore.training.run import begin_run

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
