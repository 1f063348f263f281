"""A study so small that it takes seconds, the records that verdicts are made from, and a display that only notes."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from poetcore.corpus import PreparedCorpus
from poetcore.corpus.preparation import prepare
from poetcore.evaluation.study.conduct import conduct
from poetcore.evaluation.study.plan import BEGINNINGS, QUICK, Arm, Scale
from poetcore.evaluation.study.record import ArmRecord, EpochRow, Machine, Study
from poetcore.training import loop, sampling
from poetcore.training.hardware import Hardware
from poetcore.training.progress import Progress

TINY = Scale(
    name="quick",
    base=replace(
        QUICK.base, epochs=2, vocabulary_size=40, sequence_length=20, batch_poems=32, embedding_size=6, hidden_size=8
    ),
    initialisation_epochs=1,
    size_epochs=1,
    lengths=(10, 20, 26),
    vocabularies=(20, 40, 60),
    hidden_sizes=(4, 8, 12),
)
MACHINE = Machine(
    processor="a processor",
    cores=2,
    memory_gb=8,
    training="2 CPU threads",
    system="Linux",
    python="3.11",
    torch="2",
    numpy="2",
    yuexia="0",
)


class Notes:
    """A display that notes which arms began and ended, and can stop the study as a kill would."""

    def __init__(self, stop_in: str = "", stop_at: int | str = "") -> None:
        """The study is stopped in arm `stop_in`: as it begins, at an update, or at the end of its first epoch."""
        self.stop_in, self.stop_at = stop_in, stop_at
        self.begun: list[str] = []
        self.ended: list[str] = []
        self.resumed_at: list[int] = []
        self.tested_epochs: list[int] = []

    def _stop_if(self, moment: int | str) -> None:
        if self.begun[-1:] == [self.stop_in] and moment == self.stop_at:
            raise InterruptedError

    def arm_began(self, arm: Arm, number: int) -> None:
        self.begun.append(arm.name)
        self._stop_if("beginning")

    def arm_ended(self, record: ArmRecord) -> None:
        self.ended.append(record.name)

    def began(self, progress: Progress, batches: int, updates: int, hardware: Hardware) -> None:
        self.resumed_at.append(progress.updates)

    def updated(self, progress: Progress, loss: float) -> None:
        self._stop_if(progress.updates)

    def epoch_ended(self, row: dict[str, Any]) -> None:
        self._stop_if("epoch's checkpoint")

    def tested(self, row: dict[str, Any], cross_entropy: float) -> None:
        self.tested_epochs.append(row["epoch"])


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Models this small are slower on two threads than on one."""
    torch.set_num_threads(1)


@contextmanager
def _without_what_takes_long() -> Iterator[None]:
    """The curve that training draws after every epoch, and poems to their end, take longer than the epoch."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "draw_curves", lambda *_: None)
        patch.setattr(sampling, "_LONGEST", 16)
        yield


@pytest.fixture(autouse=True)
def without_what_takes_long() -> Iterator[None]:
    """For every test here, and for no other."""
    with _without_what_takes_long():
        yield


@pytest.fixture(scope="session")
def study_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """200 verses over sixty characters, the report's beginnings the most frequent, prepared."""
    alphabet = [*BEGINNINGS, *(chr(0x4E00 + code) for code in range(53))]
    random = np.random.default_rng(0)
    poems = []
    for _ in range(200):
        begins = random.integers(60, size=(4, 1)) * (random.random(size=(4, 1)) < 0.3)
        codes = (begins + np.cumsum(random.integers(1, 6, size=(4, 5)), axis=1) - 1) % 60
        lines = ["".join(alphabet[code] for code in line) for line in codes]
        poems.append({"author": "", "title": "", "paragraphs": ["{}，{}。{}，{}。".format(*lines)]})
    source, data = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("prepared") / "data"
    (source / "poet.tang.0.json").write_text(json.dumps(poems, ensure_ascii=False), encoding="utf-8")
    prepare(source, data, ("tang",))
    return data


@pytest.fixture(scope="session")
def study_corpus(study_data: Path) -> PreparedCorpus:
    """The corpus, loaded."""
    return PreparedCorpus.load(study_data)


@pytest.fixture(scope="session")
def finished(study_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Study]:
    """The folder and the figures of a study that ran without interruption."""
    out = tmp_path_factory.mktemp("finished") / "study"
    with _without_what_takes_long():
        return out, conduct(study_data, out, TINY, Notes())


def record(
    name: str, test: Sequence[float], stopped: str = "epochs", settings: dict[str, Any] | None = None, **changes: Any
) -> ArmRecord:
    """The record of an arm whose test cross-entropy after each epoch was `test`, validation the same."""
    rows = tuple(
        EpochRow(
            epoch=epoch,
            updates=10 * epoch,
            tokens=1000 * epoch,
            seconds=2.0 * epoch,
            train_cross_entropy=value,
            validation_cross_entropy=value,
            test_cross_entropy=value,
        )
        for epoch, value in enumerate(test, start=1)
    )
    values: dict[str, Any] = {
        "name": name,
        "label": {"sgd": "SGD", "adagrad": "AdaGrad", "adam": "Adam", "adamw": "AdamW"}.get(name, name.title()),
        "reason": "",
        "settings": TINY.base.as_dict() | (settings or {}),
        "equal_weight": None,
        "stopped": stopped,
        "trouble": None,
        "parameters": 100,
        "rows": rows,
        "best_epoch": min(rows, key=lambda row: row.validation_cross_entropy).epoch if rows else None,
        "bits_per_hanzi": 8.0,
        "bits_at": None,
        "losses": (),
        "units": None,
        "poems": {},
        "began": datetime(2026, 1, 1, tzinfo=UTC),
        "ended": datetime(2026, 1, 2, tzinfo=UTC),
        "machine": MACHINE,
    }
    return ArmRecord(**values | changes)
