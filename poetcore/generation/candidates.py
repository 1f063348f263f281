"""The candidates of one poem: what they are held to, and how far they have grown."""

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from poetcore.generation.lstm import State
from poetcore.generation.products import Array, Tokens

Rows = npt.NDArray[np.int64]

FREE: Final = -1
"""In `Frame.forced`: a position of the poet's choice."""


@dataclass(frozen=True)
class Frame:
    """What N candidates of L tokens are held to."""

    forced: Tokens
    """[L]: the token of each position, `FREE` where there is a choice."""
    tones: npt.NDArray[np.uint8]
    """[L]: bits of the tones allowed where there is a choice."""
    rhyming: npt.NDArray[np.bool_]
    """[L]: where a character must rhyme."""
    rows: int
    """N."""
    line_length: int
    """Hanzi in a line; a mark follows each."""
    group: int
    """The level rhyme group, as a bit; 0: nothing need rhyme."""
    repetition: Array
    """[L, L]: see `poetcore.generation.repetition`."""
    scarce: int = 0
    """The same if it has so few words that these are kept for where they rhyme, else 0."""

    @property
    def length(self) -> int:
        """L."""
        return len(self.forced)


class Growing:
    """The candidates of a frame as they are written; its arrays are written into.

    To draw each character from those that the frame allows is short-sighted: whoever writes himself into a corner takes
    what little fits there. So a candidate has a weight, the share of the model's chances that was allowed, and at the
    end of each line the candidates are drawn anew by their weights: a particle filter (Gordon et al. 1993). The more of
    them there are, the more they are distributed as those poems of the model that keep to the frame.
    """

    def __init__(self, frame: Frame, temperature: float, size: int) -> None:
        """`size`: H, the units of the model's last layer."""
        self.frame: Final = frame
        self.temperature: Final = np.float32(temperature)
        self.tokens: Final[Tokens] = np.zeros((frame.rows, frame.length), np.int32)
        self.tops: Final[Array] = np.empty((frame.length + 1, frame.rows, size), np.float32)
        """The hidden before each token, and before END."""
        self.chances: Final = np.ones((frame.rows, frame.length))
        """The chance that each token had when it was drawn."""
        self.log_shares: Final = np.zeros((frame.rows, frame.length))
        """ln of the share of the model's chances that was allowed there."""

    def resample(self, line: slice, uniform: float) -> Rows:
        """Draw the candidates anew by what was allowed of them in `line`; returns which each goes on from.

        `uniform`: a number in [0, 1).
        """
        log_weights = self.log_shares[:, line].sum(axis=1)
        parents = drawn_by_weight(np.exp(log_weights - log_weights.max()), uniform)
        for array in (self.tokens, self.chances, self.log_shares):
            array[:] = array[parents]
        self.tops[: line.stop] = self.tops[: line.stop, parents]
        return parents


def drawn_by_weight(weights: npt.NDArray[np.float64], uniform: float) -> Rows:
    """[N] indices in order, each as often as its weight's share of N, rounded up or down (systematic resampling)."""
    ends = np.cumsum(weights)
    places = (uniform + np.arange(len(weights))) / len(weights) * ends[-1]
    # The last end is passed by no place but for rounding.
    drawn: Rows = np.minimum(np.searchsorted(ends, places, side="right"), len(weights) - 1)
    return drawn


class Writer(Protocol):
    """Writes part of a poem."""

    def write(self, growing: Growing, span: range, state: State, uniform: npt.NDArray[np.float64]) -> State:
        """Write the tokens at the positions of `span`; `state` has read those before.

        `uniform`: numbers in [0, 1), [choices in `span`, N]. Returns the state that has read all but the last token.
        """
