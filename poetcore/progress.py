"""What the command line shows while it works: progress bars on stderr, plain lines where there is no terminal."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

if TYPE_CHECKING:
    from poetcore.corpus.preparation import Track
    from poetcore.package import PoetCard
    from poetcore.training.hardware import Hardware
    from poetcore.training.preference.progress import FinetuneProgress
    from poetcore.training.progress import Progress as TrainingProgress

# No markup: paths and poems are shown as they are, whatever brackets they have.
console = Console(stderr=True, highlight=False, markup=False)


@contextmanager
def tracking_files() -> "Iterator[Track]":
    """While entered, what it yields shows how many files are done and how long the rest takes."""
    with _progress() as progress:
        yield partial(progress.track, description="cleaning")


class TrainingDisplay:
    """A progress bar over the epoch under way and a line an epoch; an `Observer` of the training loop."""

    def __init__(self, shown: bool = True) -> None:
        """Shows nothing until entered as a context, and nothing at all unless `shown`."""
        self._shown = shown
        self._bar = _progress(TextColumn("{task.fields[note]}"))
        self._task = self._bar.add_task("training", total=None, note="")
        self._batches = self._updates = 0

    def __enter__(self) -> "TrainingDisplay":
        """Begin to show."""
        if self._shown:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal as it was."""
        self._bar.stop()

    def began(self, progress: "TrainingProgress", batches: int, updates: int, hardware: "Hardware") -> None:
        """As `Observer.began`."""
        self._print(str(hardware))
        self._batches, self._updates = batches, updates
        if progress.updates:
            self._print(f"resuming at update {progress.updates:,} (epoch {progress.epoch})")
        self._bar.update(self._task, total=updates, completed=progress.updates)

    def updated(self, progress: "TrainingProgress", loss: float) -> None:
        """As `Observer.updated`."""
        speed = progress.tokens / max(progress.seconds, 1e-9)
        epochs, of = progress.updates / self._batches, self._updates / self._batches
        note = f"epoch {epochs:.2f}/{of:.4g}  loss {loss:.3f}  {speed:,.0f} tokens/s"
        self._bar.update(self._task, completed=progress.updates, note=note)

    def epoch_ended(self, row: dict[str, Any]) -> None:
        """As `Observer.epoch_ended`."""
        self._print(
            f"epoch {row['epoch']:>3}  training {row['train_cross_entropy']:.4f}  "
            f"validation {row['validation_cross_entropy']:.4f}  perplexity {row['validation_perplexity']:.1f}  "
            f"{row['seconds']:,.0f} s  {row['sample']}"
        )

    def _print(self, line: str) -> None:
        if self._shown:
            console.print(line, soft_wrap=True)


class FinetuneDisplay:
    """A progress bar over the updates of a fine-tune; a `FinetuneObserver`."""

    def __init__(self) -> None:
        """Shows nothing until entered as a context."""
        self._bar = _progress(TextColumn("{task.fields[note]}"))
        self._task = self._bar.add_task("fine-tuning", total=None, note="")

    def __enter__(self) -> "FinetuneDisplay":
        """Begin to show."""
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal as it was."""
        self._bar.stop()

    def began(self, resumed_at: int, updates: int, hardware: str, selection: str) -> None:
        """As `FinetuneObserver.began`."""
        console.print(f"{hardware}\n{selection}", soft_wrap=True)
        if resumed_at:
            console.print(f"resuming at update {resumed_at:,}", soft_wrap=True)
        self._bar.update(self._task, total=updates, completed=resumed_at)

    def updated(self, progress: "FinetuneProgress") -> None:
        """As `FinetuneObserver.updated`."""
        note = (
            f"loss {progress.loss:.3f}  liked over disliked {progress.margin:+.3f}  corpus {progress.replay_loss:.3f}"
        )
        self._bar.update(self._task, completed=progress.update, note=note)


def card_table(card: "PoetCard") -> Table:
    """A poet's card for people."""
    table = Table(show_header=False, box=None, pad_edge=False)
    sizes, trained = card.architecture, card.training
    rows: dict[str, object] = {
        "poet": card.version,
        "created": card.created.isoformat(),
        "parent": card.parent,
        "forms": " ".join(card.forms),
        "vocabulary": f"{len(card.vocabulary.characters):,} characters",
        "model": f"LSTM {sizes.layers} x {sizes.hidden_size}, embedding {sizes.embedding_size}"
        + (", tied" if sizes.tied else ""),
        "collections": " ".join(map(str, trained.get("settings", {}).get("collections", []))),
        "trained": f"{trained.get('epochs', 0)} epochs, {trained.get('tokens', 0):,} tokens, "
        f"{trained.get('seconds', 0) / 60:.0f} minutes",
        "averaged with": " ".join(map(str, trained.get("averaged_with", []))) or None,
        "files": ", ".join(f"{name} {entry.bytes / 1e6:.1f} MB" for name, entry in card.files.items()),
    }
    rows |= {name.replace("_", " "): value for name, value in card.metrics.items()}
    for name, value in rows.items():
        if value is not None:
            table.add_row(name, f"{value:.3f}" if isinstance(value, float) else str(value))
    return table


def _progress(*more: ProgressColumn) -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    # Where there is no terminal a bar would leave an empty line.
    return Progress(*columns, *more, console=console, transient=True, disable=not console.is_terminal)
