"""Fine-tuning as the worker does it: `poetcore.training.preference`, with its progress told on."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bot.worker.contracts import Advance, Tuned, TuningTask
from poetcore.training.preference.finetune import finetune
from poetcore.training.preference.progress import FinetuneProgress
from poetcore.training.preference.settings import FinetuneSettings

_MOST_POINTS: Final = 200


@dataclass(frozen=True)
class PreferenceTuner:
    """A `Tuner` by preference fine-tuning."""

    settings: FinetuneSettings

    def tune(self, task: TuningTask, tell: Callable[[Advance], None]) -> Tuned:
        """As `Tuner.tune` says."""
        losses = task.run.with_name("losses.jsonl")
        observer = _Telling(tell, losses)
        result = finetune(self.settings, task.base, task.ratings, task.data, task.run, observer, task.version)
        return Tuned(_curve(losses), _plain(result.report))


class _Telling:
    """Hands the progress on, and writes the losses down: a process that goes on would know only its own."""

    def __init__(self, tell: Callable[[Advance], None], losses: Path) -> None:
        self._tell = tell
        self._losses = losses

    def began(self, resumed_at: int, updates: int, hardware: str, selection: str) -> None:
        """Told on as an advance without a loss."""
        del hardware, selection
        self._tell(Advance(resumed_at, updates, None, None))

    def updated(self, progress: FinetuneProgress) -> None:
        """An update was made."""
        # The picture of a curve is not worth a fine-tuning that ends on a full disk.
        with suppress(OSError), self._losses.open("a") as file:
            file.write(f"[{progress.update}, {progress.loss:.6g}]\n")
        self._tell(Advance(progress.update, progress.updates, progress.loss, progress.eta_s))


def _curve(losses: Path) -> tuple[tuple[int, float], ...]:
    """The losses of the whole fine-tuning; of an update that was done again, the last."""
    points: dict[int, float] = {}
    lines = losses.read_text().splitlines() if losses.exists() else []
    for line in lines:
        # A process may have died in the middle of a line.
        with suppress(ValueError):
            update, loss = json.loads(line)
            points[int(update)] = float(loss)
    stride = max(1, -(-len(points) // _MOST_POINTS))
    return tuple(sorted(points.items()))[::stride]


def _plain(report: dict[str, Any]) -> dict[str, Any]:
    """The report without its long lists."""
    return {name: value for name, value in report.items() if not isinstance(value, list)}
