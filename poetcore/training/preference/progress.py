"""Where a fine-tune stands, and who is told of it."""

from dataclasses import asdict, dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class FinetuneProgress:
    """After an update."""

    update: int
    """Updates that are done."""
    updates: int
    """Of so many."""
    loss: float
    """Preference and replay together, the mean of the last updates."""
    margin: float
    """How much more than the old poet the new one favours liked poems over disliked ones, nats a token."""
    replay_loss: float
    """Mean cross-entropy of the replayed corpus poems, nats a token."""
    seconds: float
    """Of training so far, over all processes that worked on it."""
    eta_s: float
    """Seconds that are left, about."""

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


class FinetuneObserver(Protocol):
    """Is told how a fine-tune goes. An exception that it raises ends the fine-tune, which can be gone on with later."""

    def began(self, resumed_at: int, updates: int, hardware: str, selection: str) -> None:
        """It begins, or goes on after `resumed_at` updates of `updates`; both texts are a line for a person."""

    def updated(self, progress: FinetuneProgress) -> None:
        """An update was made."""
