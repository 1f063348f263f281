"""One arm: train it, look at the test poems after every epoch, and write down what it came to; resumable throughout."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, Protocol

from pydantic import ValidationError

from poetcore.corpus import TEST, VALIDATION, PreparedCorpus
from poetcore.errors import CheckpointError, TrainingError
from poetcore.evaluation.study.machine import this_machine
from poetcore.evaluation.study.plan import Arm
from poetcore.evaluation.study.poems import texts_of
from poetcore.evaluation.study.record import ArmRecord, EpochRow
from poetcore.evaluation.study.symmetry import compare
from poetcore.evaluation.study.trace import LossTrace, thinned
from poetcore.evaluation.study.weights import (
    best_weights,
    bits_per_hanzi,
    fill,
    poems_of,
    tensors_of,
)
from poetcore.files import write_whole
from poetcore.package import Tensors, now_utc
from poetcore.training.checkpoints import has_checkpoint
from poetcore.training.hardware import Hardware
from poetcore.training.loop import Trainer
from poetcore.training.progress import Observer, Progress
from poetcore.training.run import Run, begin_run, resume_run

RECORD: Final = "arm.json"
_MEASURES: Final = "measures.json"
_LOSSES: Final = "losses.tsv"

# Enough characters to tell units apart (about 1,500), few enough for the plain numpy LSTM.
_COMPARED_ON: Final = 32


class ArmObserver(Observer, Protocol):
    """An observer that is told of the test poems too."""

    def tested(self, row: dict[str, Any], cross_entropy: float) -> None:
        """After the epoch of `row` (of metrics.jsonl), `cross_entropy` is that of the test poems, in nats."""


def finished_record(folder: Path) -> ArmRecord | None:
    """The record of the arm in `folder`, None if it has not ended; raises `TrainingError` for a damaged one."""
    path = folder / RECORD
    try:
        return ArmRecord.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise TrainingError(f"{path} is damaged: delete it, and the study writes it anew from the weights") from error


def run_arm(arm: Arm, corpus: PreparedCorpus, folder: Path, observer: ArmObserver) -> ArmRecord:
    """Run `arm` in `folder` or go on where it was; returns what is in its arm.json.

    Raises `TrainingError` or `CheckpointError` for a folder that is not of this arm, `StorageError` when the disk
    refuses. An arm that diverges is a finding, not an error.
    """
    record = finished_record(folder)
    if record is None:
        record = _Attempt(arm, corpus, folder, observer).run()
        write_whole(folder / RECORD, record.model_dump_json(indent=1) + "\n")
    return record


class _Attempt:
    """An arm under way; watches its own training."""

    def __init__(self, arm: Arm, corpus: PreparedCorpus, folder: Path, observer: ArmObserver) -> None:
        self._arm, self._corpus, self._observer = arm, corpus, observer
        begun = (folder / "run.json").exists()
        self._run: Run = (resume_run if begun else begin_run)(folder, arm.settings, corpus)
        self._measures = _Measures(folder / _MEASURES)
        self._trace = LossTrace(folder / _LOSSES)
        self._trainer = Trainer(self._run, corpus, self)
        # Training restores its checkpoint later: until then the weights are those it began with.
        if arm.equal_weight is not None:
            fill(self._trainer.model, arm.equal_weight)
        self._start: Tensors = tensors_of(self._trainer.model)
        self._hardware = ""

    def run(self) -> ArmRecord:
        """Train to the end and sum up."""
        trouble = None
        stopped: Literal["epochs", "validation", "diverged"]
        try:
            stopped = self._trainer.train()["stopped"]
        except CheckpointError:
            raise
        except TrainingError as error:
            # Training raises no other: the settings were checked when the run was begun.
            stopped, trouble = "diverged", str(error)
        finally:
            self._trace.close()
        return self._sum_up(stopped, trouble)

    # What the training loop tells.

    def began(self, progress: Progress, batches: int, updates: int, hardware: Hardware) -> None:
        """As `Observer.began`."""
        self._hardware = str(hardware)
        self._trace.go_on_from(progress.updates)
        # Killed after an epoch's checkpoint and before its measures: the weights are still those.
        if progress.history and progress.batch == 0:
            self._look(progress.history[-1])
        self._observer.began(progress, batches, updates, hardware)

    def updated(self, progress: Progress, loss: float) -> None:
        """As `Observer.updated`."""
        self._trace.add(progress.updates, loss)
        self._observer.updated(progress, loss)

    def epoch_ended(self, row: dict[str, Any]) -> None:
        """As `Observer.epoch_ended`."""
        self._observer.epoch_ended(row)
        self._look(row)

    def _look(self, row: dict[str, Any]) -> None:
        """Measure the test poems after the epoch of `row`, if that was not done."""
        epoch = row["epoch"]
        if epoch not in self._measures.test:
            self._measures.test[epoch] = self._trainer.cross_entropy(TEST)
            if epoch == self._arm.bits_at:
                self._measures.bits = (epoch, self._best_bits())
            self._measures.write()
        self._observer.tested(row, self._measures.test[epoch])

    def _best_bits(self) -> float:
        texts = texts_of(self._corpus, TEST, self._arm.settings.collections)
        with best_weights(self._trainer.model, self._run):
            return bits_per_hanzi(self._trainer.model, self._run, texts)

    def _sum_up(self, stopped: Literal["epochs", "validation", "diverged"], trouble: str | None) -> ArmRecord:
        arm, model = self._arm, self._trainer.model
        rows = tuple(_rows(self._run, self._measures.test))
        units, poems = None, dict[str, str | None]()
        if has_best := has_checkpoint(self._run.best):
            with best_weights(model, self._run):
                poems = poems_of(model, self._run) if arm.writes else {}
                if arm.watches_units:
                    texts = texts_of(self._corpus, VALIDATION, arm.settings.collections, _COMPARED_ON)
                    units = compare(self._start, tensors_of(model), self._run.vocabulary, texts)
        return ArmRecord(
            name=arm.name,
            label=arm.label,
            reason=arm.reason,
            settings=arm.settings.as_dict(),
            equal_weight=arm.equal_weight,
            stopped=stopped,
            trouble=trouble,
            parameters=self._run.parameters,
            rows=rows,
            best_epoch=min(rows, key=lambda row: row.validation_cross_entropy).epoch if rows else None,
            bits_per_hanzi=self._best_bits() if has_best else None,
            bits_at=self._measures.bits,
            losses=thinned(self._trace.read()) if arm.watches_units else (),
            units=units,
            poems=poems,
            began=self._measures.began,
            ended=now_utc(),
            machine=this_machine(self._hardware),
        )


class _Measures:
    """`measures.json`: what was measured between epochs, which training itself does not keep."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.began: datetime = now_utc()
        self.test: dict[int, float] = {}
        self.bits: tuple[int, float] | None = None
        if path.exists():
            self._read()
        else:
            self.write()

    def _read(self) -> None:
        try:
            content = json.loads(self._path.read_bytes())
            self.began = datetime.fromisoformat(content["began"])
            self.test = {int(epoch): float(value) for epoch, value in content["test"].items()}
            self.bits = (int(content["bits"][0]), float(content["bits"][1])) if content["bits"] else None
        except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise TrainingError(
                f"{self._path} is damaged: delete the folder {self._path.parent}, and the study runs this arm again"
            ) from error

    def write(self) -> None:
        """Write the file anew."""
        content = {"began": self.began.isoformat(), "test": self.test, "bits": self.bits}
        write_whole(self._path, json.dumps(content) + "\n")


def _rows(run: Run, test: dict[int, float]) -> list[EpochRow]:
    """The rows of metrics.jsonl, which training has just written, joined with the test figures."""
    path = run.folder / "metrics.jsonl"
    if not path.exists():
        return []
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    kept = EpochRow.model_fields.keys() - {"test_cross_entropy"}
    return [
        EpochRow(**{key: row[key] for key in kept}, test_cross_entropy=test[row["epoch"]])
        for row in rows
        if row["epoch"] in test
    ]
