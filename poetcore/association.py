"""How well two texts go together, by their characters alone: numpy, small tables, no model of language.

A character has a vector on the left side and one on the right, learned so that a left text's own right text scores
above other texts (`poetcore.training.association`): title and poem, a couplet and the next, a character and the one
that answers it. Both ranking and the scoreboard may score titles with it, but with tables learned from different
poems: a judge must not be what the poems were chosen by.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import safetensors.numpy
from safetensors import SafetensorError

from poetcore.errors import PackageError
from poetcore.files import write_whole

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Association:
    """The tables.

    They were fitted so that a softmax of the scores of one left text with several right ones is the chance of each to
    be its own. Texts are in traditional script.
    """

    left_characters: str
    left_vectors: Array
    """[characters, K]."""
    right_characters: str
    right_vectors: Array
    """[characters, K]."""

    def scores(self, left: str, rights: Sequence[str]) -> Array:
        """The score of each of `rights` with `left`, float32; 0 where a side is unknown."""
        scores: Array = self.of_rights(rights) @ self.of_lefts([left])[0]
        return scores

    def of_lefts(self, texts: Sequence[str]) -> Array:
        """[texts, K]: the vectors whose products with those of right texts are the scores."""
        return np.stack([_mean(text, self.left_ids, self.left_vectors) for text in texts])

    def of_rights(self, texts: Sequence[str]) -> Array:
        """[texts, K]."""
        return np.stack([_mean(text, self.right_ids, self.right_vectors) for text in texts])

    @cached_property
    def left_ids(self) -> dict[str, int]:
        """The row of each character of the left side."""
        return {char: number for number, char in enumerate(self.left_characters)}

    @cached_property
    def right_ids(self) -> dict[str, int]:
        """The row of each character of the right side."""
        return {char: number for number, char in enumerate(self.right_characters)}

    def save(self, path: Path) -> None:
        """Write the tables whole or not at all."""
        write_whole(path, self.to_bytes())

    def to_bytes(self) -> bytes:
        """The tables as safetensors, float16: 2 K bytes a character and side."""
        tensors: dict[str, npt.NDArray[Any]] = {
            "left_characters": _points(self.left_characters),
            "left_vectors": self.left_vectors.astype(np.float16),
            "right_characters": _points(self.right_characters),
            "right_vectors": self.right_vectors.astype(np.float16),
        }
        content: bytes = safetensors.numpy.save(tensors)
        return content

    @classmethod
    def load(cls, path: Path) -> "Association":
        """Read what `save` wrote; raises `PackageError`."""
        try:
            return cls.from_bytes(path.read_bytes(), str(path))
        except OSError as error:
            raise PackageError(f"cannot read {path}: {error.strerror or error}") from error

    @classmethod
    def from_bytes(cls, content: bytes, name: str) -> "Association":
        """What `to_bytes` made; raises `PackageError`, in which they are called `name`."""
        try:
            tensors = safetensors.numpy.load(content)
            lefts, rights = (_text(tensors[f"{side}_characters"]) for side in ("left", "right"))
            vectors = [tensors[f"{side}_vectors"].astype(np.float32) for side in ("left", "right")]
            made = cls(lefts, vectors[0], rights, vectors[1])
            made.scores(lefts[:1], [rights[:1]])
        except (SafetensorError, KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
            raise PackageError(f"{name} holds no association tables ({error})") from error
        return made


def _mean(text: str, ids: dict[str, int], vectors: Array) -> Array:
    """The sum over the different known characters, divided by the root of their number."""
    known = sorted({ids[char] for char in text if char in ids})
    total: Array = vectors[known].sum(axis=0) / np.float32(max(1, len(known)) ** 0.5)
    return total


def _points(text: str) -> npt.NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le"), "<u4")


def _text(points: npt.NDArray[np.uint32]) -> str:
    return "".join(map(chr, points.tolist()))
