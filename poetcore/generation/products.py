"""Products of a large weight with a few rows, which are nearly all the work of decoding.

`QuantisedProduct` rounds weights and inputs to eight bits. `decoding.c` does it on weights that lie packed
(`poetcore.generation.native`); without a C compiler BLAS does the same sums of integers in float32, where they are
exact: the result is the same to the last bit. `ExactProduct` rounds nothing, for measuring.
"""

from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Tokens = npt.NDArray[np.int32]
Quantised = npt.NDArray[np.int8]

LARGEST: Final = 127
"""Eight-bit numbers reach from −127 to 127."""


class Product(Protocol):
    """A weight [N, D] that rows go through."""

    def __call__(self, rows: Array) -> Array:
        """`rows` [R, D] in [−1, 1] → [R, N]."""


class ExactProduct:
    """In float32 through numpy."""

    def __init__(self, weight: Array) -> None:
        """`weight`: [N, D]."""
        self._weight: Final = weight

    def __call__(self, rows: Array) -> Array:
        """As `Product`. The weight is the left factor: so BLAS is 1.6 times as fast as the other way round."""
        return np.ascontiguousarray((self._weight @ rows.T).T)


def quantised(weight: Array) -> tuple[Quantised, Array]:
    """`weight` [N, D] as integers of eight bits, and [N]: what one of a row's integers is worth."""
    largest: Array = np.abs(weight).max(axis=1)
    largest[largest == 0] = 1
    worth = largest / np.float32(LARGEST)
    return np.rint(weight / worth[:, None]).astype(np.int8), worth


def rounded(rows: Array) -> Array:
    """Inputs in [−1, 1] as multiples of 1/127, the multipliers: integers, but float32."""
    multipliers: Array = np.rint(rows * np.float32(LARGEST))
    return multipliers


class QuantisedProduct:
    """In integers of eight bits, through numpy."""

    def __init__(self, weight: Array) -> None:
        """`weight`: [N, D]."""
        integers, worth = quantised(weight)
        # float32 holds sums below 2²⁴ exactly: all of D ≤ 1,040 products of such integers, and of more all but those in
        # which nearly every one is the largest.
        self._weight: Final = integers.astype(np.float32)
        self._scale: Final = worth / np.float32(LARGEST)

    def __call__(self, rows: Array) -> Array:
        """As `Product`."""
        sums: Array = (self._weight @ rounded(rows).T).T
        return np.ascontiguousarray(sums) * self._scale
