"""One step of an LSTM layer for a few rows, and with which arithmetic a poet computes.

`decoding.c` does a step in one call; without a C compiler numpy does the same operations in the same order, so that
every machine writes the same poem.
"""

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

import numpy as np

from poetcore.generation.kernels import library
from poetcore.generation.products import Array, ExactProduct, Packed, PackedProduct, Product, QuantisedProduct, Tokens


class Rows(NamedTuple):
    """Rows of a table, which need not be copied together to be read."""

    table: Array
    """[any, width], contiguous."""
    numbers: Tokens | None = None
    """[rows], int32: which rows of the table; None: its own, one after the other."""

    def taken(self) -> Array:
        """[rows, width]."""
        return self.table if self.numbers is None else self.table[self.numbers]


class Layer(Protocol):
    """A layer of H units, which knows its weight [4H, D]; gates: entering, kept, candidate, shown."""

    def __call__(self, inputs: Sequence[Rows], added: Sequence[Rows], cell: Array) -> tuple[Array, Array]:
        """The new hidden and cell, float32 [rows, H].

        `inputs`: what goes through the weight, side by side, in [−1, 1]; `added`: what is added to the gates, [rows,
        4H]. The gates of sigmoids come halved: sigmoid(x) = ½·tanh(½x) + ½.
        """


class NumpyLayer:
    """In numpy."""

    def __init__(self, product: Product, tanh: Callable[[Array], Array]) -> None:
        self._product: Final = product
        self._tanh: Final = tanh

    def __call__(self, inputs: Sequence[Rows], added: Sequence[Rows], cell: Array) -> tuple[Array, Array]:
        """As `Layer`."""
        gates = self._product(np.hstack([rows.taken() for rows in inputs]))
        for rows in added:
            gates += rows.taken()
        size = cell.shape[1]
        half = np.float32(0.5)
        gates = self._tanh(gates)
        candidate = gates[:, 2 * size : 3 * size]
        open_to = gates * half + half
        entering, kept, shown = open_to[:, :size], open_to[:, size : 2 * size], open_to[:, 3 * size :]
        new_cell = kept * cell + entering * candidate
        return shown * self._tanh(new_cell), new_cell


class PackedLayer:
    """Through `decoding.c`, in eight bits; safe in threads."""

    def __init__(self, compiled: ctypes.CDLL, weight: Array) -> None:
        """`weight`: [4H, D]."""
        size, pointer = ctypes.c_int64, ctypes.c_void_p
        self._function: Final = compiled.layer
        self._function.argtypes = [
            *[size] * 2,
            *[pointer] * 3,
            *[size] * 3,
            *[pointer] * 3,
            size,
            *[pointer] * 7,
        ]
        self._function.restype = None
        self._packed: Final = Packed(compiled, weight)

    def __call__(self, inputs: Sequence[Rows], added: Sequence[Rows], cell: Array) -> tuple[Array, Array]:
        """As `Layer`."""
        packed, cell = self._packed, np.ascontiguousarray(cell)
        count, size = cell.shape
        room, gates = packed.room(count), np.empty((count, packed.blocks * packed.block), np.float32)
        hidden, new_cell = np.empty((count, size), np.float32), np.empty((count, size), np.float32)
        widths = np.array([rows.table.shape[1] for rows in inputs], np.int64)
        self._function(
            packed.blocks,
            packed.depth,
            *packed.addresses(),
            count,
            size,
            len(inputs),
            *_pointers(inputs),
            widths.ctypes.data,
            len(added),
            *_pointers(added),
            *(array.ctypes.data for array in (cell, room, gates, hidden, new_cell)),
        )
        return hidden, new_cell


def _pointers(pieces: Sequence[Rows]) -> tuple[ctypes.Array[ctypes.c_void_p], ctypes.Array[ctypes.c_void_p]]:
    """Of the tables and of the numbers of rows."""
    kind = ctypes.c_void_p * len(pieces)
    numbers = (None if rows.numbers is None else rows.numbers.ctypes.data for rows in pieces)
    return kind(*(rows.table.ctypes.data for rows in pieces)), kind(*numbers)


def tangent(x: Array) -> Array:
    """tanh(x), operation by operation as `decoding.c` has it; within 2e-7."""
    e = _exponential(np.float32(-2) * np.abs(x))
    tangents: Array = np.copysign((1 - e) / (1 + e), x)
    return tangents


def _exponential(x: Array) -> Array:
    """e to the x ≤ 0 (Cephes)."""
    clipped = np.maximum(x, np.float32(-87))
    n = np.rint(clipped * np.float32(1.44269504088896341))
    r = (clipped - n * np.float32(0.693359375)) + n * np.float32(2.12194440e-4)
    p = np.full_like(r, 1.9875691500e-4)
    for coefficient in (1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1):
        p = p * r + np.float32(coefficient)
    p = ((p * r) * r + r) + 1
    scale = ((n.astype(np.int32) + 127) << 23).view(np.float32)
    return np.where(x < np.float32(-87), np.float32(0), p * scale)


@dataclass(frozen=True)
class Arithmetic:
    """What makes of each weight what computes with it."""

    product: Callable[[Array], Product]
    layer: Callable[[Array], Layer]


EXACT: Final = Arithmetic(ExactProduct, lambda weight: NumpyLayer(ExactProduct(weight), np.tanh))
"""float32, for measuring a model."""

QUANTISED_IN_NUMPY: Final = Arithmetic(QuantisedProduct, lambda weight: NumpyLayer(QuantisedProduct(weight), tangent))
"""Eight bits, without a C compiler."""


def quantised_arithmetic() -> Arithmetic:
    """Eight bits, the fastest way that this machine has."""
    compiled = library()
    if compiled is None:
        return QUANTISED_IN_NUMPY
    return Arithmetic(lambda weight: PackedProduct(compiled, weight), lambda weight: PackedLayer(compiled, weight))
