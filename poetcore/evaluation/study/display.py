"""What the command line shows of a study: one bar over all arms, a line an epoch and an arm."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from poetcore.evaluation.study.plan import Arm, Plan
from poetcore.evaluation.study.record import ArmRecord
from poetcore.progress import console
from poetcore.training.curves import perplexity
from poetcore.training.hardware import Hardware
from poetcore.training.presets import TrainingSettings
from poetcore.training.progress import Progress as TrainingProgress


def cost_of(settings: TrainingSettings) -> float:
    """Multiply-adds of all epochs, up to a factor that all arms share: longer sequences count in full."""
    gates = 4 * settings.hidden_size * (settings.embedding_size + settings.hidden_size)
    output = settings.vocabulary_size * settings.hidden_size
    # Most poems end before 64 tokens, whatever the limit.
    return settings.epochs * min(settings.sequence_length, 64) * (gates + output)


class StudyDisplay:
    """A progress bar on a terminal, lines everywhere; a `Display` of the study."""

    def __init__(self, plan: Plan, clock: Callable[[], float] = time.monotonic) -> None:
        """Shows nothing until entered as a context; `clock` gives seconds."""
        self._clock = clock
        self._costs: Final = {arm.name: cost_of(arm.settings) for arm in plan.arms}
        self._left = sum(self._costs.values())
        self._worked = 0.0
        self._began_at = clock()
        self._arm: Arm | None = None
        self._at, self._resumed_at, self._total = 0, 0, 1
        self._epochs = 0
        self._told_hardware = False
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}"),
            console=console,
            transient=True,
            # Where there is no terminal a bar would leave an empty line.
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("study", total=self._left, note="")

    def __enter__(self) -> "StudyDisplay":
        """Begin to show."""
        self._began_at = self._clock()
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal as it was."""
        self._bar.stop()

    def arm_began(self, arm: Arm, number: int) -> None:
        """As `Display.arm_began`."""
        self._arm = arm
        self._bar.update(self._task, description=f"arm {number} of {len(self._costs)}: {arm.label}")
        console.print(f"arm {number} of {len(self._costs)}: {arm.name}", soft_wrap=True)

    def arm_ended(self, record: ArmRecord) -> None:
        """As `Display.arm_ended`."""
        cost = self._costs[record.name]
        self._left -= cost
        if self._arm is not None and self._arm.name == record.name:
            self._worked += cost * (1 - self._resumed_at / self._total)
        self._arm, self._at, self._resumed_at = None, 0, 0
        self._show("")
        console.print(f"  {_summary(record)}", soft_wrap=True)

    def began(self, progress: TrainingProgress, batches: int, updates: int, hardware: Hardware) -> None:
        """As `Observer.began`."""
        if not self._told_hardware:
            console.print(f"  {hardware}", soft_wrap=True)
        self._told_hardware = True
        self._total, self._epochs = updates, -(-updates // batches)
        self._at = self._resumed_at = progress.updates
        if progress.updates:
            console.print(f"  resuming at update {progress.updates:,} (epoch {progress.epoch})")

    def updated(self, progress: TrainingProgress, loss: float) -> None:
        """As `Observer.updated`."""
        self._at = progress.updates
        self._show(f"epoch {progress.epoch} of {self._epochs}  loss {loss:.3f}  {self.time_left()}")

    def epoch_ended(self, row: dict[str, Any]) -> None:
        """As `Observer.epoch_ended`; the line waits for the test poems."""

    def tested(self, row: dict[str, Any], cross_entropy: float) -> None:
        """As `ArmObserver.tested`."""
        console.print(
            f"  epoch {row['epoch']:>2}  perplexity {row['validation_perplexity']:.1f} on validation, "
            f"{perplexity(cross_entropy):.1f} on test  {row['seconds']:,.0f} s  {self.time_left()}",
            soft_wrap=True,
        )

    def time_left(self) -> str:
        """How long the rest takes if it goes on as so far, in words; empty before there is anything to judge by."""
        cost = self._costs[self._arm.name] if self._arm else 0.0
        worked = self._worked + cost * (self._at - self._resumed_at) / self._total
        left = self._left - cost * self._at / self._total
        if worked <= 0:
            return ""
        seconds = (self._clock() - self._began_at) * left / worked
        return f"about {seconds / 60:.0f} min left" if seconds >= 90 else f"about {seconds:.0f} s left"

    def _show(self, note: str) -> None:
        cost = self._costs[self._arm.name] if self._arm else 0.0
        done = sum(self._costs.values()) - self._left + cost * self._at / self._total
        self._bar.update(self._task, completed=done, note=note)


def _summary(record: ArmRecord) -> str:
    if record.best is None:
        return f"{record.name}: {record.stopped}, no epoch ended"
    return (
        f"{record.name}: best epoch {record.best_epoch} of {len(record.rows)}, test perplexity "
        f"{record.best.test_perplexity:.1f}"
        + ("" if record.bits_per_hanzi is None else f", {record.bits_per_hanzi:.3f} bits per hanzi")
        + (f" ({record.stopped})" if record.stopped == "diverged" else "")
    )
