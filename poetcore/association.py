"""How well a title and a poem go together, by their characters alone: numpy, small tables, no model of language.

A character has a vector as part of a title and one as part of a poem, learned so that a real poem's title scores above
other poems' titles (`poetcore.training.association`). Both ranking and the scoreboard may score with it, but with
tables learned from different poems: a judge must not be what the poems were chosen by.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import safetensors.numpy
from safetensors import SafetensorError

from poetcore.errors import PackageError
from poetcore.files import write_whole

Array = npt.NDArray[np.float32]

_SERIES: Final = "一二三四五六七八九十百千首其章絶絕篇"


@dataclass(frozen=True)
class Association:
    """The tables.

    To rank candidates: `association.scores(title, [candidate.text for candidate in candidates])`, in traditional
    script; the higher the better the poem goes with the title. The tables were fitted so that a softmax of the scores
    of one title with several poems is the chance of each to be the title's own.
    """

    title_characters: str
    title_vectors: Array
    """[characters, K]."""
    poem_characters: str
    poem_vectors: Array
    """[characters, K]."""

    def scores(self, title: str, texts: Sequence[str]) -> Array:
        """The score of each of `texts` (traditional script) with `title`, float32; 0 where a side is unknown."""
        scores: Array = self.of_poems(texts) @ self.of_titles([title])[0]
        return scores

    def of_titles(self, titles: Sequence[str]) -> Array:
        """[titles, K]: the vectors whose products with those of poems are the scores."""
        return np.stack([_mean(title, self.title_ids, self.title_vectors) for title in titles])

    def of_poems(self, texts: Sequence[str]) -> Array:
        """[texts, K]."""
        return np.stack([_mean(text, self.poem_ids, self.poem_vectors) for text in texts])

    @cached_property
    def title_ids(self) -> dict[str, int]:
        """The row of each character of titles; those that number the poems of a series say nothing."""
        return {char: number for number, char in enumerate(self.title_characters) if char not in _SERIES}

    @cached_property
    def poem_ids(self) -> dict[str, int]:
        """The row of each character of poems."""
        return {char: number for number, char in enumerate(self.poem_characters)}

    def save(self, path: Path) -> None:
        """Write the tables, float16 (2 K bytes a character), whole or not at all."""
        tensors: dict[str, npt.NDArray[Any]] = {
            "title_characters": _points(self.title_characters),
            "title_vectors": self.title_vectors.astype(np.float16),
            "poem_characters": _points(self.poem_characters),
            "poem_vectors": self.poem_vectors.astype(np.float16),
        }
        write_whole(path, safetensors.numpy.save(tensors))

    @classmethod
    def load(cls, path: Path) -> "Association":
        """Read what `save` wrote; raises `PackageError`."""
        try:
            tensors = safetensors.numpy.load(path.read_bytes())
            titles, poems = (_text(tensors[f"{side}_characters"]) for side in ("title", "poem"))
            vectors = [tensors[f"{side}_vectors"].astype(np.float32) for side in ("title", "poem")]
            made = cls(titles, vectors[0], poems, vectors[1])
            made.scores(titles[:1], [poems[:1]])
        except OSError as error:
            raise PackageError(f"cannot read {path}: {error.strerror or error}") from error
        except (SafetensorError, KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
            raise PackageError(f"{path} holds no association tables ({error})") from error
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
