"""Learning which texts go with which, by their characters: titles with poems, couplets with couplets. numpy, no torch.

Two towers of sums of character vectors under a softmax over the left texts (and over the right ones) of a batch.
Retrieval of the right title among 10, for 2,000 held-out poems of Tang + Song, each learned from all training poems:
the mean PMI of all pairs of characters 43%, its 128 largest singular vectors 40%, this with 64 dimensions 65%.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from poetcore.association import Array, Association
from poetcore.corpus import TRAIN, PreparedCorpus
from poetcore.prosody.text import is_hanzi

DIMENSIONS: Final = 64
_LEFT_CHARACTERS: Final = 4_000
_RIGHT_CHARACTERS: Final = 5_000
# What numbers the poems of a series says nothing of any of them.
_SERIES: Final = dict.fromkeys(map(ord, "一二三四五六七八九十百千首其章絶絕篇"))
_LONGEST: Final = 150
"""Characters of a text; longer poems are about many things."""
_BATCH: Final = 512
_FEWEST_BATCHES: Final = 64
"""An epoch has at least so many: of a small corpus they are smaller."""
_EPOCHS: Final = 3
_RATE: Final = 0.01
_WARMUP: Final = 50

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Bags:
    """The different known characters of each of a list of texts, end to end."""

    ids: Numbers
    begins: Numbers

    @classmethod
    def of(cls, texts: Sequence[str], ids: dict[str, int]) -> "_Bags":
        bags = [sorted({ids[char] for char in text if char in ids}) for text in texts]
        begins = np.cumsum([0] + [len(bag) for bag in bags])
        return cls(np.array([number for bag in bags for number in bag], np.int64), begins)

    @property
    def sizes(self) -> Numbers:
        return np.diff(self.begins)

    def matrix(self, chosen: Numbers, width: int) -> Array:
        """[chosen, width]: a row a text, 1/√n at each of its n characters."""
        sizes = self.sizes[chosen]
        rows = np.repeat(np.arange(len(chosen)), sizes)
        offsets = np.arange(len(rows)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        matrix = np.zeros((len(chosen), width), np.float32)
        matrix[rows, self.ids[self.begins[chosen][rows] + offsets]] = (1 / np.sqrt(sizes))[rows]
        return matrix


class _Adam:
    """Adam (Kingma & Ba 2015) for one table."""

    def __init__(self, table: Array) -> None:
        self._mean, self._square = np.zeros_like(table), np.zeros_like(table)

    def update(self, table: Array, gradient: Array, rate: float, step: int) -> None:
        self._mean += 0.1 * (gradient - self._mean)
        self._square += 0.001 * (gradient * gradient - self._square)
        mean = self._mean / np.float32(1 - 0.9**step)
        square = self._square / np.float32(1 - 0.999**step)
        table -= np.float32(rate) * mean / (np.sqrt(square) + np.float32(1e-8))


def learn_association(
    corpus: PreparedCorpus,
    half: int | None = None,
    seed: int = 1,
    dimensions: int = DIMENSIONS,
    observe: Callable[[int, int], None] = lambda _done, _all: None,
) -> Association | None:
    """How titles and poems go together, by the training poems; None if they have too few titles to learn from.

    `half` 0 or 1: only every second poem, so that two tables share none; None: all. The scoreboard judges with half 0,
    ranking has half 1. Deterministic for a seed on one machine.
    """
    poems = [int(poem) for poem in corpus.select(TRAIN) if half is None or poem % 2 == half]
    poems = [poem for poem in poems if corpus.offsets[poem + 1] - corpus.offsets[poem] <= _LONGEST]
    titles = [corpus.titles[poem].translate(_SERIES) for poem in poems]
    texts = [corpus.text(poem) for poem in poems]
    return learn_pairs(titles, texts, seed, dimensions, observe)


def learn_pairs(
    lefts: Sequence[str],
    rights: Sequence[str],
    seed: int = 1,
    dimensions: int = DIMENSIONS,
    observe: Callable[[int, int], None] = lambda _done, _all: None,
) -> Association | None:
    """The tables that tell each left text's own right text from others; None if the pairs are too few.

    Deterministic for a seed on one machine.
    """
    names = _most_frequent(lefts, _LEFT_CHARACTERS)
    characters = _most_frequent(rights, _RIGHT_CHARACTERS)
    made = Association(
        names,
        _small(len(names), dimensions, seed),
        characters,
        _small(len(characters), dimensions, seed + 1),
    )
    sides = (_Bags.of(lefts, made.left_ids), _Bags.of(rights, made.right_ids))
    usable = np.flatnonzero((sides[0].sizes > 0) & (sides[1].sizes > 0))
    batch = min(_BATCH, len(usable) // _FEWEST_BATCHES)
    if batch < 2:
        return None
    tables = (made.left_vectors, made.right_vectors)
    adam = [_Adam(table) for table in tables]
    random = np.random.default_rng(seed)
    steps = _EPOCHS * (len(usable) // batch)
    order = np.concatenate([random.permutation(usable)[: len(usable) // batch * batch] for _ in range(_EPOCHS)])
    for step in range(1, steps + 1):
        chosen = order[(step - 1) * batch : step * batch]
        rows = [bags.matrix(chosen, len(table)) for bags, table in zip(sides, tables, strict=True)]
        rate = _RATE * min(1.0, step / _WARMUP) * (1 - (step - 1) / steps)
        for side, gradient in enumerate(_gradients(rows, tables)):
            adam[side].update(tables[side], gradient, rate, step)
        observe(step, steps)
    return made


def _gradients(rows: Sequence[Array], tables: Sequence[Array]) -> tuple[Array, Array]:
    """Of the mean cross-entropy of the right title for each poem and the right poem for each title."""
    titles, poems = (row @ table for row, table in zip(rows, tables, strict=True))
    scores = titles @ poems.T
    slope = (_softmax(scores) + _softmax(scores.T).T) / 2
    slope[np.diag_indices(len(slope))] -= 1
    slope /= len(slope)
    return rows[0].T @ (slope @ poems), rows[1].T @ (slope.T @ titles)


def _softmax(scores: Array) -> Array:
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Array = weights / weights.sum(axis=1, keepdims=True)
    return shares


def _most_frequent(texts: Sequence[str], most: int) -> str:
    """The hanzi that the most texts have; equal ones by code point."""
    counts = Counter(char for text in texts for char in set(text) if is_hanzi(char))
    return "".join(sorted(counts, key=lambda char: (-counts[char], char))[:most])


def _small(rows: int, columns: int, seed: int) -> Array:
    return (np.random.default_rng(seed).standard_normal((rows, columns)) * 0.8 / math.sqrt(columns)).astype(np.float32)
