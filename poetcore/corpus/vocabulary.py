"""Characters to token ids and back: the one place where text and tokens meet."""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

START: Final = 0
"""Token that begins every poem."""
END: Final = 1
"""Token that ends every poem."""
UNKNOWN: Final = 2
"""Token of every character that the vocabulary lacks."""
SPECIALS: Final = 3
"""How many token ids come before the characters."""


class Vocabulary:
    """The characters a model knows, most frequent first; ids 0 to 2 are START, END and UNKNOWN."""

    def __init__(self, characters: Sequence[str]) -> None:
        """`characters`: single characters, without repetition; raises `ValueError` otherwise."""
        self.characters: Final = tuple(characters)
        self._ids = {char: token for token, char in enumerate(self.characters, start=SPECIALS)}
        if len(self._ids) != len(self.characters) or any(len(char) != 1 for char in self.characters):
            raise ValueError("a vocabulary is made of single characters, each once")

    def __len__(self) -> int:
        """Number of token ids, the three specials included."""
        return SPECIALS + len(self.characters)

    def __contains__(self, char: object) -> bool:
        """Whether `char` has a token id of its own."""
        return char in self._ids

    def __eq__(self, other: object) -> bool:
        """Equal when the same characters have the same ids."""
        return isinstance(other, Vocabulary) and self.characters == other.characters

    def __hash__(self) -> int:
        """Hash of the characters."""
        return hash(self.characters)

    def id_of(self, char: str) -> int:
        """The token id of `char`, UNKNOWN if it has none."""
        return self._ids.get(char, UNKNOWN)

    def usual(self, typed: str, converted: str) -> bool:
        """Whether the corpus writes `typed` about as often as `converted`.

        Token ids go by frequency. Within a factor of two stand variants that poets' editions use side by side (笋 筍,
        恒 恆); a simplified character that slipped in (叶 for 葉, 来 for 來) ranks ten and more times lower.
        """
        if typed not in self or converted not in self:
            return typed in self
        return self.id_of(typed) < 2 * self.id_of(converted)

    def encode(self, text: str) -> npt.NDArray[np.int32]:
        """Token ids of `text`, int32 of shape [len(text)]; START and END are not added."""
        return np.fromiter((self._ids.get(char, UNKNOWN) for char in text), dtype=np.int32, count=len(text))

    def decode(self, ids: Iterable[int]) -> str:
        """The characters of `ids`; specials are left out."""
        return "".join(self.characters[token - SPECIALS] for token in ids if token >= SPECIALS)
