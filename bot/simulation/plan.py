"""How large a simulation is, and its arms."""

from dataclasses import asdict, dataclass
from typing import Any, Final

from poetcore.training.preference.settings import FinetuneSettings, finetune_settings


@dataclass(frozen=True)
class Arm:
    """One way to learn from the same readers."""

    name: str
    method: str = "kto"
    vandals: bool = True
    """Whether the vandals' ratings are learned from."""
    shuffled: bool = False
    """Whether ratings are dealt out at random among the poems: then there is nothing to learn."""


ARMS: Final = (
    Arm("kto"),
    Arm("weighted", method="weighted"),
    Arm("no-vandals", vandals=False),
    Arm("shuffled", shuffled=True),
)
MAIN: Final = "kto"
CONTROL: Final = "shuffled"


@dataclass(frozen=True)
class Scale:
    """How much is served, rated and measured."""

    rounds: int = 3
    served: int = 500
    """Poems of a round; each is rated by one reader."""
    readers: int = 50
    """Who take part; a tenth of them are vandals."""
    others: int = 100
    """Noiseless readers who do not take part: they judge."""
    judged: int = 1_500
    """Poems that they read of each version."""
    compared: int = 1_000
    """Real and generated poems each that the real-against-generated classifier learns from."""
    held_out: int = 1_000
    """Validation poems that bits per hanzi are measured on."""
    best_of: int = 16
    updates: int = FinetuneSettings.updates
    """Of each fine-tune."""
    seed: int = 1

    def settings(self, arm: Arm) -> FinetuneSettings:
        """Of the arm's fine-tunes."""
        return finetune_settings([f"method={arm.method}", f"updates={self.updates}", "validation_poems=0"])

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


FULL: Final = Scale()
QUICK: Final = Scale(
    rounds=1, served=60, readers=10, others=20, judged=60, compared=60, held_out=50, best_of=4, updates=20
)
