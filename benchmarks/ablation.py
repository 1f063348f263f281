"""The ablation behind the presets `small` and `base`: arms of equal time on one machine, judged by bits per hanzi.

    python -m benchmarks.ablation --data DIR --out DIR [--minutes 12] [--arms center,no-context]

Each arm is trained for so many updates as take `--minutes` at the speed that was measured for all arms in turn before
the first one began: what else the machine does in between then changes nothing. The learning rate of each arm goes
through its whole course. Arms are run folders and resume; finished ones are not run again. `OUT/table.md` has a row for
each that is finished.
"""

import argparse
import json
import math
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from benchmarks.timing import minutes
from poetcore.corpus import UNKNOWN, VALIDATION, PreparedCorpus
from poetcore.errors import PoetcoreError
from poetcore.evaluation.bits import BLOCK
from poetcore.files import write_whole
from poetcore.progress import TrainingDisplay
from poetcore.prosody.text import is_hanzi
from poetcore.training.checkpoints import load_checkpoint
from poetcore.training.data import Sequences
from poetcore.training.hardware import Hardware
from poetcore.training.learner import Learner, build_model, set_parameters
from poetcore.training.loop import Trainer
from poetcore.training.presets import TrainingSettings, settings_for
from poetcore.training.run import Run, begin_run, resume_run

ARMS: Final[dict[str, list[str]]] = {
    "center": [],
    "no-context": ["context_size=0"],
    "whole-softmax": ["sampled_tokens=0"],
    "batch-64": ["batch_poems=64"],
    "adamw": ["optimiser=adamw"],
    "dropout-0.1": ["dropout=0.1"],
    "weight-drop-0.2": ["weight_drop=0.2"],
    "average": ["average=0.99"],
}
_CALIBRATION_ROUNDS: Final = 4
# The end of a schedule that is not come to: a calibration is short.
_FAR: Final = 1_000_000


def main(words: Sequence[str] | None = None) -> int:
    """Run the arms that are missing and write the table; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=minutes, default=12.0)
    parser.add_argument("--preset", default="base")
    parser.add_argument("--arms", type=_arms, default=tuple(ARMS), help="comma-separated; there are " + ", ".join(ARMS))
    asked = parser.parse_args(words)
    try:
        run(PreparedCorpus.load(asked.data), asked.preset, asked.arms, asked.minutes, asked.out)
    except PoetcoreError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_status
    return 0


def _arms(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if unknown := [name for name in names if name not in ARMS]:
        raise argparse.ArgumentTypeError(f"no arm is called {unknown[0]!r}; there are {', '.join(ARMS)}")
    return names


def run(corpus: PreparedCorpus, preset: str, names: Sequence[str], budget_minutes: float, out: Path) -> None:
    """Run the arms `names` that are not finished in `out` yet, and write the table after each.

    Raises `TrainingError` if `out` has arms of other settings or data.
    """
    arms = {name: settings_for(preset, ARMS[name]) for name in names}
    seconds = _calibrated(corpus, arms, out / "seconds-per-update.json")
    rows: dict[str, dict[str, Any]] = {}
    for name, settings in arms.items():
        updates = max(1, round(60 * budget_minutes / seconds[name]))
        row = _arm(corpus, replace(settings, updates=updates, epochs=100, evaluation_poems=500), out / name)
        rows[name] = {"seconds_per_update": seconds[name], **row}
        print(json.dumps({"arm": name, **rows[name]}), flush=True)
        write_whole(out / "table.md", table(rows))


def table(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """The finished arms, by name, as a Markdown table."""
    lines = ["| arm | what it changes | parameters | an update | updates | tokens | Tang | Song |"]
    lines += ["|---|---|---:|---:|---:|---:|---:|---:|"]
    for name, row in rows.items():
        changes = " ".join(f"`{change}`" for change in ARMS[name]) or "–"
        sizes = f"{row['parameters'] / 1e6:.1f} M | {row['seconds_per_update']:.2f} s | {row['updates']:,}"
        bits = f"{row['tang_bits']:.2f} | {row['song_bits']:.2f}"
        lines.append(f"| `{name}` | {changes} | {sizes} | {row['tokens'] / 1e6:.2f} M | {bits} |")
    return "\n".join(lines) + "\n"


def _calibrated(corpus: PreparedCorpus, arms: dict[str, TrainingSettings], path: Path) -> dict[str, float]:
    """Seconds an update takes in each arm: medians of rounds in which the arms take turns."""
    known: dict[str, float] = json.loads(path.read_text()) if path.exists() else {}
    missing = {name: settings for name, settings in arms.items() if name not in known}
    if missing:
        updates = [_stepper(corpus, settings) for settings in missing.values()]
        rounds = [[_timed(update) for update in updates] for _ in range(_CALIBRATION_ROUNDS)]
        known |= {name: statistics.median(r[k] for r in rounds[1:]) for k, name in enumerate(missing)}
        write_whole(path, json.dumps(known, indent=2))
    return known


def _timed(update: Callable[[], None]) -> float:
    """Seconds of an update, averaged over four in a row."""
    started = time.monotonic()
    for _ in range(4):
        update()
    return (time.monotonic() - started) / 4


def _stepper(corpus: PreparedCorpus, settings: TrainingSettings) -> Callable[[], None]:
    """An update with validation poems, which are sooner there than the training poems and as long."""
    hardware = Hardware.chosen(settings)
    vocabulary = corpus.vocabulary(settings.vocabulary_size)
    learner = Learner(Run(Path(), settings, corpus.fingerprint, vocabulary), hardware, _FAR)
    sequences = Sequences(corpus, VALIDATION, replace(settings, evaluation_poems=0), hardware.device)
    size = min(settings.batch_poems, len(sequences))
    random = np.random.default_rng(settings.seed)
    updates = count()

    def update() -> None:
        poems = random.choice(len(sequences), size, replace=False)
        learner.update(next(updates), sequences.batch(poems, np.ones((size, 4))), sequences.predictions(poems))

    return update


def _arm(corpus: PreparedCorpus, settings: TrainingSettings, folder: Path) -> dict[str, Any]:
    # Of a finished arm, too, this compares the settings.
    begun = (folder / "run.json").exists()
    run = (resume_run if begun else begin_run)(folder, settings, corpus)
    result_path = folder / "ablation.json"
    if result_path.exists():
        return dict(json.loads(result_path.read_text()))
    with TrainingDisplay() as display:
        result = Trainer(run, corpus, display).train()
    model = build_model(run, Hardware.chosen(settings))
    set_parameters(model, load_checkpoint(run.best).tensors)
    row = {
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "updates": result["updates"],
        "tokens": result["tokens"],
        "seconds": result["seconds"],
        **{f"{name}_bits": bits_per_hanzi(model, corpus, settings, name) for name in ("tang", "song")},
    }
    write_whole(result_path, json.dumps(row))
    return row


@torch.no_grad()
def bits_per_hanzi(
    model: torch.nn.Module, corpus: PreparedCorpus, settings: TrainingSettings, collection: str, poems: int = 1_200
) -> float:
    """Of the first `poems` validation poems of a collection, whole and untold: see `poetcore.evaluation.bits`."""
    chosen = replace(settings, collections=(collection,), sequence_length=1_000_000, evaluation_poems=0)
    sequences = Sequences(corpus, VALIDATION, chosen)
    indices = corpus.select(VALIDATION, (collection,))[:poems]
    texts = [corpus.text(int(poem)) for poem in indices]
    hanzi = sum(is_hanzi(char) for text in texts for char in text)
    vocabulary = corpus.vocabulary(settings.vocabulary_size)
    unknown = sum(int((vocabulary.encode(text) == UNKNOWN).sum()) for text in texts)
    model.eval()
    nats = sum(
        float(model(sequences.batch(np.arange(start, min(start + 256, len(indices))))))
        for start in range(0, len(indices), 256)
    )
    spread = unknown * math.log2(BLOCK - sum(map(is_hanzi, vocabulary.characters)))
    return (nats / math.log(2) + spread) / hanzi


if __name__ == "__main__":
    sys.exit(main())
