"""The run folder: settings and data of a run, its metrics, curves, samples, checkpoints and best weights.

run.json        settings, data fingerprint, vocabulary; written once
metrics.jsonl   a row an epoch
curves.png      cross-entropy and perplexity by epoch
result.json     how it ended: best epoch, validation and test perplexity
checkpoints/    where `--resume` goes on
best/           the weights of the best epoch
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from poetcore.corpus import PreparedCorpus, Vocabulary
from poetcore.errors import SettingsError, TrainingError
from poetcore.files import write_whole
from poetcore.nn.language_model import Architecture
from poetcore.package import Architecture as Sizes
from poetcore.package import PoetCard, expected_shapes
from poetcore.training.checkpoints import has_checkpoint
from poetcore.training.data import require_enough_poems
from poetcore.training.hardware import Hardware
from poetcore.training.optimisers import training_bytes
from poetcore.training.presets import TrainingSettings


@dataclass(frozen=True)
class Run:
    """A run folder together with what it was begun with."""

    folder: Path
    settings: TrainingSettings
    data_fingerprint: str
    vocabulary: Vocabulary
    start: str | None = None
    """The poet whose weights it began with; None for random ones."""
    processes: int = 1
    """How many train it together, each with `batch_poems` poems of a batch."""

    @property
    def checkpoints(self) -> Path:
        """Folder of the checkpoints to resume from."""
        return self.folder / "checkpoints"

    @property
    def best(self) -> Path:
        """Folder of the best weights."""
        return self.folder / "best"

    @property
    def sizes(self) -> Sizes:
        """The sizes of the run's model, as a package has them."""
        settings = self.settings
        return Sizes(
            embedding_size=settings.embedding_size,
            hidden_size=settings.hidden_size,
            layers=settings.layers,
            tied=settings.tied,
            context_size=settings.context_size,
            condition_size=settings.condition_size,
        )

    @property
    def architecture(self) -> Architecture:
        """The sizes of the run's model and of its vocabulary."""
        return Architecture(vocabulary_size=len(self.vocabulary), **self.sizes.model_dump())

    @property
    def parameters(self) -> int:
        """How many numbers the run's model learns."""
        return sum(math.prod(shape) for shape in expected_shapes(self.sizes, len(self.vocabulary)).values())

    @property
    def has_metrics(self) -> bool:
        """Whether an epoch has ended and been written down."""
        return (self.folder / "metrics.jsonl").exists()

    def write_metrics(self, history: list[dict[str, Any]]) -> None:
        """Write metrics.jsonl anew from the history, which the checkpoint holds too: the two never disagree."""
        rows = (json.dumps(row, ensure_ascii=False) + "\n" for row in history)
        write_whole(self.folder / "metrics.jsonl", "".join(rows))

    def write_result(self, result: dict[str, Any]) -> None:
        """Write result.json."""
        write_whole(self.folder / "result.json", json.dumps(result, ensure_ascii=False, indent=2) + "\n")

    def read_result(self) -> dict[str, Any] | None:
        """What result.json holds, None before training has ended; raises `TrainingError` if it is damaged."""
        path = self.folder / "result.json"
        try:
            return json.loads(path.read_bytes()) if path.exists() else None
        except (OSError, ValueError) as error:
            raise TrainingError(f"{path} cannot be read ({error}); poet train --resume writes it anew") from error


def begin_run(
    folder: Path,
    settings: TrainingSettings,
    corpus: PreparedCorpus,
    start: PoetCard | None = None,
    processes: int = 1,
) -> Run:
    """Make a run folder, for a training that begins with the weights of `start` or with random ones.

    Raises `TrainingError` if there is a run in it already, the corpus is too small, or `start` is another model, and
    `SettingsError` if this machine cannot train it.
    """
    if has_checkpoint(folder / "checkpoints") or (folder / "run.json").exists():
        raise TrainingError(
            f"{folder} holds a run already: add --resume to go on with it, or give --out another folder"
        )
    # Before anything is written: what cannot start must not leave a run behind.
    require_enough_poems(corpus, settings, processes)
    vocabulary = corpus.vocabulary(settings.vocabulary_size)
    run = Run(folder, settings, corpus.fingerprint, vocabulary, start.version if start else None, processes)
    if start is not None and (
        start.vocabulary.characters != "".join(vocabulary.characters) or start.architecture != run.sizes
    ):
        raise TrainingError(
            f"poet {start.version} has another vocabulary or other sizes than preset {settings.preset} on "
            f"{corpus.folder}: start with a poet that was trained so, or without --start"
        )
    _require_able_machine(run)
    content = {
        "settings": settings.as_dict(),
        "data_fingerprint": run.data_fingerprint,
        "characters": "".join(run.vocabulary.characters),
        "start": run.start,
        "processes": run.processes,
    }
    write_whole(folder / "run.json", json.dumps(content, ensure_ascii=False, indent=2) + "\n")
    return run


def open_run(folder: Path) -> Run:
    """The run in `folder`; raises `TrainingError` if there is none."""
    try:
        content = json.loads((folder / "run.json").read_bytes())
        values = content["settings"]
        settings = TrainingSettings(**(values | {"collections": tuple(values["collections"])}))
        vocabulary = Vocabulary(content["characters"])
        start, processes = content.get("start"), content.get("processes", 1)
        return Run(folder, settings, content["data_fingerprint"], vocabulary, start, processes)
    except FileNotFoundError as error:
        raise TrainingError(f"{folder} holds no run (no run.json): train one with poet train --out {folder}") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"{folder / 'run.json'} cannot be read: {error}") from error


def resume_run(
    folder: Path,
    settings: TrainingSettings,
    corpus: PreparedCorpus,
    start: PoetCard | None = None,
    processes: int = 1,
) -> Run:
    """The run in `folder` if it was begun with the same; raises `TrainingError` otherwise.

    And `SettingsError` if this machine, which may be another one, cannot train it.
    """
    run = open_run(folder)
    was, now = run.settings.as_dict(), settings.as_dict()
    if changed := [key for key in now if was[key] != now[key]]:
        key = changed[0]
        raise TrainingError(f"{folder} was begun with {key}={was[key]}, not {now[key]}: resume with the same settings")
    if run.start != (begins_with := start.version if start else None):
        was_start, now_start = (
            f"the weights of {name}" if name else "random weights" for name in (run.start, begins_with)
        )
        raise TrainingError(f"{folder} began with {was_start}, not with {now_start}: resume with the same --start")
    if run.processes != processes:
        raise TrainingError(f"{folder} was begun with processes={run.processes}, not {processes}: start as many")
    if run.data_fingerprint != corpus.fingerprint or run.vocabulary != corpus.vocabulary(settings.vocabulary_size):
        raise TrainingError(f"{folder} was trained on other data than {corpus.folder}: give the data it began with")
    _require_able_machine(run)
    return run


def _require_able_machine(run: Run) -> None:
    settings, memory = run.settings, Hardware.chosen(run.settings).memory
    needed = training_bytes(run.parameters, settings)
    if memory is not None and needed > memory:
        raise SettingsError(
            f"embedding_size={settings.embedding_size}, hidden_size={settings.hidden_size} and "
            f"layers={settings.layers} make a model whose weights, gradients and optimiser need "
            f"{needed / 1e9:,.1f} GB, and this machine has {memory / 1e9:,.1f} GB: set smaller ones"
        )
