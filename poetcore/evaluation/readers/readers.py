"""Who presses 👍 and 👎, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from poetcore.evaluation.readers.tastes import NAMES

Array = npt.NDArray[np.float64]

RANDOM_PRESSES: Final = 0.2
"""Of an honest reader's presses, those that say nothing."""
VANDALS: Final = 0.1
"""Of the readers."""


class Kind(StrEnum):
    """What a reader is up to."""

    HONEST = "honest"
    ALWAYS_DOWN = "always down"
    FOR_NONSENSE = "for nonsense"


@dataclass(frozen=True)
class Reader:
    """A reader; what is liked is a mixture of the four tastes above a threshold."""

    name: str
    kind: Kind
    mixture: tuple[float, ...]
    """Share of each taste, in the order of `NAMES`."""
    threshold: float

    def likes(self, scores: Array) -> npt.NDArray[np.bool_]:
        """Without noise, for poems with `scores` [poems, 4]."""
        liked: npt.NDArray[np.bool_] = scores @ np.array(self.mixture) > self.threshold
        return liked

    def presses(self, scores: Array, random: np.random.Generator) -> list[bool]:
        """Whether each poem gets 👍, as this reader presses."""
        if self.kind is Kind.ALWAYS_DOWN:
            return [False] * len(scores)
        if self.kind is Kind.FOR_NONSENSE:
            # The less a poem looks real, the better.
            nonsense: list[bool] = (scores[:, NAMES.index("realism")] < 0).tolist()
            return nonsense
        noise, coins = random.random(len(scores)) < RANDOM_PRESSES, random.random(len(scores)) < 0.5
        pressed: list[bool] = np.where(noise, coins, self.likes(scores)).tolist()
        return pressed


def drawn_readers(count: int, first: Array, random: np.random.Generator, vandals: float = 0.0) -> list[Reader]:
    """`count` readers, of whom a share `vandals` are such, half of each kind, rounded up.

    Mixtures are drawn evenly from all there are. `first` [poems, 4]: scores of the first poems, of which every honest
    reader likes half.
    """
    bad = round(count * vandals)
    readers = []
    for number in range(count):
        mixture = random.dirichlet(np.ones(len(NAMES)))
        kind = Kind.HONEST if number >= bad else (Kind.ALWAYS_DOWN, Kind.FOR_NONSENSE)[number % 2]
        threshold = float(np.median(first @ mixture))
        readers.append(Reader(f"reader-{number}", kind, tuple(mixture.tolist()), threshold))
    return readers


def liked_share(readers: Sequence[Reader], scores: Array) -> float:
    """The mean share of poems with `scores` [poems, 4] that noiseless readers like."""
    return float(np.mean([reader.likes(scores).mean() for reader in readers]))
