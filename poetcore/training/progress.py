"""Where training stands, and who is told of it."""

import math
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import torch
from torch import Tensor

from poetcore.training.hardware import Hardware
from poetcore.training.ranks import Ranks

# How many updates a GPU may be ahead of what is known of their loss.
_UNREAD_LOSSES: Final = 20


@dataclass
class Progress:
    """Where training stands: all that decides what comes next, as JSON has it."""

    epoch: int = 1
    """The epoch under way, from 1."""
    batch: int = 0
    """Batches of it that are done."""
    updates: int = 0
    loss_sum: float = 0.0
    """Nats over the epoch's tokens so far."""
    epoch_tokens: int = 0
    tokens: int = 0
    seconds: float = 0.0
    history: list[dict[str, Any]] = field(default_factory=list)
    """The rows of metrics.jsonl."""

    @property
    def best(self) -> dict[str, Any] | None:
        """The row with the lowest validation perplexity."""
        return min(self.history, key=lambda row: float(row["validation_perplexity"]), default=None)

    @property
    def epochs_since_best(self) -> int:
        """Epochs since the best one; 0 right after it."""
        return self.history[-1]["epoch"] - self.best["epoch"] if self.best else 0

    def begin_next_epoch(self) -> None:
        """Count from the start of the epoch after this one."""
        self.epoch += 1
        self.batch, self.loss_sum, self.epoch_tokens = 0, 0.0, 0


class Observer(Protocol):
    """Is told how training goes: the command line draws a progress bar from it."""

    def began(self, progress: Progress, batches: int, updates: int, hardware: Hardware) -> None:
        """Training starts or resumes at `progress`; an epoch has `batches` updates, and there are `updates` at most."""

    def updated(self, progress: Progress, loss: float) -> None:
        """Updates were made; `loss` is the mean cross-entropy of the last one in nats."""

    def epoch_ended(self, row: dict[str, Any]) -> None:
        """An epoch was evaluated; `row` is its row of metrics.jsonl."""


class Losses:
    """Summed losses since they were last read, kept on the device, so that no update waits for them."""

    def __init__(self, device: torch.device, ranks: Ranks) -> None:
        self._ranks = ranks
        self._limit = 1 if device.type == "cpu" else _UNREAD_LOSSES
        self._sums: list[tuple[Tensor, int]] = []

    @property
    def due(self) -> bool:
        return len(self._sums) >= self._limit

    @property
    def tokens(self) -> int:
        return sum(tokens for _, tokens in self._sums)

    def add(self, loss_sum: Tensor, tokens: int) -> None:
        self._sums.append((loss_sum, tokens))

    def read(self) -> tuple[float, float]:
        """Nats of all the updates together, and the last one's mean per token."""
        values = self._ranks.total(torch.stack([loss_sum for loss_sum, _ in self._sums])).tolist()
        return math.fsum(values), values[-1] / self._sums[-1][1]

    def clear(self) -> None:
        self._sums.clear()
