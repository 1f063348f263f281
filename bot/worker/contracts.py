"""What the worker asks of fine-tuning and of evaluation: narrow, so that either may be another one."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from bot.poets.gate import Figures


class JobStopped(Exception):  # noqa: N818 no error: it was asked for
    """The job was cancelled, or another worker has it now; raised through fine-tuning to end it."""


@dataclass(frozen=True)
class TuningTask:
    """One fine-tuning. The folders are of this machine."""

    base: Path
    """The package to start from."""
    ratings: Path
    """JSONL, as `poetbot export-ratings` prints it."""
    data: Path
    """The prepared corpus whose poems are mixed in."""
    run: Path
    """Where checkpoints go, and the new package in the end, whole or not at all, as `poet`; done before, it goes on."""
    version: str
    """Its version."""


@dataclass(frozen=True)
class Advance:
    """How far a fine-tuning is."""

    step: int
    steps: int
    loss: float | None
    """None where nothing is trained."""
    eta_s: float | None
    """Seconds to go, if that is known."""


@dataclass(frozen=True)
class Tuned:
    """What a fine-tuning says of itself."""

    curve: tuple[tuple[int, float], ...]
    """Step and loss, some hundred points at most."""
    summary: dict[str, Any]
    """Numbers and words that can be written as JSON."""


class Tuner(Protocol):
    """Fine-tunes a poet."""

    def tune(self, task: TuningTask, tell: Callable[[Advance], None]) -> Tuned:
        """Carry out `task`; `tell` is called every few seconds at least and may raise `JobStopped`.

        Raises `PoetcoreError` with one sentence for what cannot be done, such as too few ratings.
        """


@dataclass(frozen=True)
class Examination:
    """Two poets side by side."""

    before: Figures
    after: Figures
    pairs: tuple[tuple[str, str], ...]
    """Poems by both to the same requests."""


class Examiner(Protocol):
    """Measures poets for the gate."""

    @property
    def yardstick(self) -> str:
        """What figures depend on beside the poet: those of one yardstick compare, but for times."""

    def measure(self, package: Path, tell: Callable[[Advance], None]) -> Figures:
        """Measure one package by itself; raises `PackageError` and `JobStopped` as `examine` does."""

    def examine(self, before: Path, after: Path, tell: Callable[[Advance], None]) -> Examination:
        """Measure the packages in two folders by the same yardstick; `tell` may raise `JobStopped`.

        Raises `PackageError` if `after` does not load or compose.
        """
