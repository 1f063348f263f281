"""Products of a large weight with a few rows, which are nearly all the work of decoding.

`QuantisedProduct` rounds weights and inputs to eight bits. `products.c` does it on weights that lie packed; without a C
compiler BLAS does the same sums of integers in float32, where they are exact: the result is the same to the last bit.
`ExactProduct` rounds nothing, for measuring.
"""

import ctypes
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from poetcore.compiling import compiled

Array = npt.NDArray[np.float32]
Quantised = npt.NDArray[np.int8]

LARGEST: Final = 127
"""Eight-bit numbers reach from −127 to 127."""

_SOURCE: Final = Path(__file__).with_name("products.c")
_FLAGS: Final = ("-O3", "-fno-math-errno", "-mprefer-vector-width=512")


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
    worth = np.maximum(np.abs(weight).max(axis=1), np.finfo(np.float32).tiny) / np.float32(LARGEST)
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


class PackedProduct:
    """`QuantisedProduct` through `products.c`; safe in threads."""

    def __init__(self, library: ctypes.CDLL, weight: Array) -> None:
        """`library`: what `products.c` was compiled to; `weight`: [N, D]."""
        self._function: Final = library.product
        self._function.argtypes = [ctypes.c_int64 if kind == "n" else ctypes.c_void_p for kind in "nnpppnnppp"]
        self._function.restype = None
        group, self._block = library.group(), library.outputs()
        self._input: Final = np.dtype(f"V{library.input_bytes()}")
        integers, worth = quantised(weight)
        self._outputs, given = integers.shape
        blocks, self._depth = -(-self._outputs // self._block), -(-given // group) * group
        padded = np.zeros((blocks * self._block, self._depth), np.int8)
        padded[: self._outputs, :given] = integers
        # [blocks, depth / group, outputs of a block, group]
        self._packed: Final = np.ascontiguousarray(
            padded.reshape(blocks, self._block, self._depth // group, group).swapaxes(1, 2)
        )
        self._scale: Final = np.zeros(len(padded), np.float32)
        self._scale[: self._outputs] = worth / np.float32(LARGEST)
        self._shifted: Final = padded.sum(axis=1, dtype=np.int32) * np.int32(library.shift())
        # To ask an array for its address takes as long as a tenth of a product.
        self._starts: Final = [
            (array.ctypes.data, array.nbytes // blocks) for array in (self._packed, self._scale, self._shifted)
        ]

    def __call__(self, rows: Array, outputs: slice = slice(None)) -> Array:
        """As `Product`."""
        begin, end, _ = outputs.indices(self._outputs)
        first, last = begin // self._block, -(-end // self._block)
        rows = np.ascontiguousarray(rows)
        inputs = np.empty((len(rows), self._depth), self._input)
        out = np.empty((len(rows), (last - first) * self._block), np.float32)
        weight = (start + first * block_bytes for start, block_bytes in self._starts)
        made = (array.ctypes.data for array in (rows, inputs, out))
        self._function(last - first, self._depth, *weight, *rows.shape, *made)
        return out[:, begin - first * self._block : end - first * self._block]


def quantised_product(weight: Array) -> Product:
    """The fastest way that this machine has through `weight` [N, D] in eight bits."""
    library = compiled(_SOURCE, _FLAGS)
    return QuantisedProduct(weight) if library is None else PackedProduct(library, weight)
