"""Products of a large weight with a few rows, which are nearly all the work of decoding.

`QuantisedProduct` rounds weights and inputs to eight bits. `decoding.c` does it on weights that lie packed; without a C
compiler BLAS does the same sums of integers in float32, where they are exact: the result is the same to the last bit.
`ExactProduct` rounds nothing, for measuring.
"""

import ctypes
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Tokens = npt.NDArray[np.int32]
Quantised = npt.NDArray[np.int8]

LARGEST: Final = 127
"""Eight-bit numbers reach from −127 to 127."""


class Product(Protocol):
    """A weight [N, D] that rows go through."""

    def __call__(self, rows: Array, outputs: slice = ...) -> Array:
        """`rows` [R, D] in [−1, 1] → [R, outputs]; `outputs`: a slice, all N if it is not given."""


class ExactProduct:
    """In float32 through numpy."""

    def __init__(self, weight: Array) -> None:
        """`weight`: [N, D]."""
        self._weight: Final = weight

    def __call__(self, rows: Array, outputs: slice = slice(None)) -> Array:
        """As `Product`. The weight is the left factor: so BLAS is 1.6 times as fast as the other way round."""
        return np.ascontiguousarray((self._weight[outputs] @ rows.T).T)


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
        # Sums of D ≤ 1,040 products of such integers stay below 2²⁴: float32 holds them exactly.
        self._weight: Final = integers.astype(np.float32)
        self._scale: Final = worth / np.float32(LARGEST)

    def __call__(self, rows: Array, outputs: slice = slice(None)) -> Array:
        """As `Product`."""
        sums: Array = (self._weight[outputs] @ rounded(rows).T).T
        return np.ascontiguousarray(sums) * self._scale[outputs]


class Packed:
    """A weight as `decoding.c` reads it."""

    def __init__(self, library: ctypes.CDLL, weight: Array) -> None:
        """`weight`: [N, D]."""
        group, self.block = library.group(), library.outputs()
        self._input: Final = np.dtype(f"V{library.input_bytes()}")
        integers, worth = quantised(weight)
        self.outputs, given = integers.shape
        self.blocks, self.depth = -(-self.outputs // self.block), -(-given // group) * group
        padded = np.zeros((self.blocks * self.block, self.depth), np.int8)
        padded[: self.outputs, :given] = integers
        # [blocks, depth / group, outputs of a block, group]
        self._weight: Final = np.ascontiguousarray(
            padded.reshape(self.blocks, self.block, self.depth // group, group).swapaxes(1, 2)
        )
        self._scale: Final = np.zeros(len(padded), np.float32)
        self._scale[: self.outputs] = worth / np.float32(LARGEST)
        self._shifted: Final = padded.sum(axis=1, dtype=np.int32) * np.int32(library.shift())
        # To ask an array for its address takes as long as a tenth of a product.
        arrays: tuple[npt.NDArray[Any], ...] = (self._weight, self._scale, self._shifted)
        self._starts: Final = [(array.ctypes.data, array.nbytes // self.blocks) for array in arrays]

    def addresses(self, first: int = 0) -> list[int]:
        """Of weight, scale and shifted, from block `first` on."""
        return [start + first * block_bytes for start, block_bytes in self._starts]

    def room(self, rows: int) -> npt.NDArray[np.void]:
        """For `rows` rows of quantised inputs."""
        return np.empty((rows, self.depth), self._input)


class PackedProduct:
    """`QuantisedProduct` through `decoding.c`; safe in threads."""

    def __init__(self, library: ctypes.CDLL, weight: Array) -> None:
        """`library`: what `decoding.c` was compiled to; `weight`: [N, D]."""
        size, pointer = ctypes.c_int64, ctypes.c_void_p
        self._function: Final = library.product
        self._function.argtypes = [*[size] * 2, *[pointer] * 3, *[size] * 2, *[pointer] * 3]
        self._function.restype = None
        self._packed: Final = Packed(library, weight)

    def __call__(self, rows: Array, outputs: slice = slice(None)) -> Array:
        """As `Product`."""
        packed = self._packed
        begin, end, _ = outputs.indices(packed.outputs)
        first, last = begin // packed.block, -(-end // packed.block)
        rows = np.ascontiguousarray(rows)
        out = np.empty((len(rows), (last - first) * packed.block), np.float32)
        room = packed.room(len(rows))
        made = (array.ctypes.data for array in (rows, room, out))
        self._function(last - first, packed.depth, *packed.addresses(first), *rows.shape, *made)
        return out[:, begin - first * packed.block : end - first * packed.block]
