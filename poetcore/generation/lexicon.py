"""The vocabulary as the decoder sees it: the hanzi a poem may have, in an order in which the tones are slices."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from poetcore.corpus.vocabulary import SPECIALS, Vocabulary
from poetcore.prosody import sounds_of
from poetcore.prosody.readings import LEVEL_BIT, LEVEL_GROUPS, OBLIQUE_BIT
from poetcore.prosody.text import is_hanzi

Tokens = npt.NDArray[np.int32]

EITHER: Final = LEVEL_BIT | OBLIQUE_BIT


@dataclass(frozen=True)
class Lexicon:
    """C columns, one for each hanzi that the poet may choose: first those only oblique, then both, then only level.

    So every set of characters that a tone allows is a slice of the logits.
    """

    columns: Tokens
    """[C]: the token of each column."""
    column_of: Tokens
    """[V]: the column of each token, C for a token that has none."""
    rhymes: npt.NDArray[np.uint32]
    """[C]: bits of level rhyme groups, see `poetcore.prosody.sounds_of`."""
    _level_from: int
    _oblique_to: int

    @classmethod
    def of(cls, vocabulary: Vocabulary, allowed: Callable[[str], bool]) -> "Lexicon":
        """The hanzi of `vocabulary` that are `allowed` and whose tones are known; within a tone by frequency."""
        characters = vocabulary.characters
        sounds = sounds_of(characters)
        usable = np.array([is_hanzi(char) and allowed(char) for char in characters], np.bool_) & (sounds.tones > 0)
        places = {OBLIQUE_BIT: 0, EITHER: 1, LEVEL_BIT: 2}
        by_tone = np.array([places.get(int(tone), 3) for tone in sounds.tones], np.int64)
        chosen = np.flatnonzero(usable)
        chosen = chosen[np.argsort(by_tone[chosen], kind="stable")]
        counts = np.bincount(by_tone[chosen], minlength=3)
        column_of = np.full(len(vocabulary), len(chosen), np.int32)
        column_of[chosen + SPECIALS] = np.arange(len(chosen))
        return cls(
            columns=(chosen + SPECIALS).astype(np.int32),
            column_of=column_of,
            rhymes=sounds.rhymes[chosen],
            _level_from=int(counts[0]),
            _oblique_to=int(counts[0] + counts[1]),
        )

    def __len__(self) -> int:
        """C, the number of columns."""
        return len(self.columns)

    def slice_of(self, tones: int) -> slice:
        """The columns of the characters that can have one of `tones`: LEVEL_BIT, OBLIQUE_BIT or EITHER."""
        begin = self._level_from if tones == LEVEL_BIT else 0
        return slice(begin, self._oblique_to if tones == OBLIQUE_BIT else len(self))

    @cached_property
    def order(self) -> Tokens:
        """[V]: all tokens, those of the columns first, in which `Engine` keeps its output weights."""
        return np.concatenate((self.columns, np.flatnonzero(self.column_of == len(self)))).astype(np.int32)

    @cached_property
    def group_sizes(self) -> npt.NDArray[np.int64]:
        """[30]: how many characters each level rhyme group has."""
        return np.array([int((self.rhymes >> group & 1).sum()) for group in range(LEVEL_GROUPS)])
