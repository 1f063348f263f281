"""A classifier that tells real poems from generated ones: logistic regression over characters and pairs of them."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

_BUCKETS: Final = 2**16
_UPDATES: Final = 300
_RATE: Final = 0.5
_DECAY: Final = 1e-3


@dataclass(frozen=True)
class Realism:
    """ln odds that a poem is real."""

    weights: Array
    """[buckets + 1], the last one the bias."""

    @classmethod
    def fitted(cls, real: Sequence[str], generated: Sequence[str]) -> "Realism":
        """Learned from both kinds by gradient descent on the whole (AdaGrad); deterministic."""
        texts = [*real, *generated]
        rows, columns, values = _features(texts)
        wanted = np.concatenate((np.ones(len(real)), np.zeros(len(generated))))
        weights, squares = np.zeros(_BUCKETS + 1), np.full(_BUCKETS + 1, 1e-8)
        for _ in range(_UPDATES):
            logits = _sums(rows, values * weights[columns], len(texts))
            errors = (1 / (1 + np.exp(-logits)) - wanted) / len(texts)
            gradient = _sums(columns, values * errors[rows], _BUCKETS + 1) + _DECAY * weights / len(texts)
            squares += gradient**2
            weights -= _RATE * gradient / np.sqrt(squares) / 10
        return cls(weights)

    def scores(self, texts: Sequence[str]) -> Array:
        """Of each text; larger is more real."""
        rows, columns, values = _features(texts)
        return _sums(rows, values * self.weights[columns], len(texts))


def _sums(places: npt.NDArray[np.int64], values: Array, count: int) -> Array:
    """[count]: at each place the sum of the values that have it."""
    return np.bincount(places, values, count).astype(np.float64)


def _features(texts: Sequence[str]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Array]:
    """Row, column and value of what is not zero: each text's characters and pairs, of length 1 together, and a 1."""
    rows, columns, values = [], [], []
    for row, text in enumerate(texts):
        grams = [*text, *(text[place : place + 2] for place in range(len(text) - 1))]
        rows += [row] * (len(grams) + 1)
        # Python's own hash differs from process to process.
        columns += [zlib.crc32(gram.encode()) % _BUCKETS for gram in grams] + [_BUCKETS]
        values += [1 / max(1, len(grams)) ** 0.5] * len(grams) + [1.0]
    return np.array(rows, np.int64), np.array(columns, np.int64), np.array(values)
