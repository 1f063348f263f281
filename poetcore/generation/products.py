"""Products of a large weight with a few rows, which are nearly all the work of decoding.

With a C compiler at hand `products.c` does them on weights that lie packed; elsewhere BLAS does. A step of sixteen rows
of the poet that ships takes 5.5 ms with BLAS, which packs 31 MB of weights anew, and 2.2 ms with them packed in half
precision, measured one after the other on one core.
"""

import ctypes
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from poetcore.compiling import compiled

Array = npt.NDArray[np.float32]

_SOURCE: Final = Path(__file__).with_name("products.c")
_FLAGS: Final = ("-O3", "-mprefer-vector-width=512")
# As in `products.c`.
_OUTPUTS: Final = 8
_LANES: Final = (8, 16)


class Product(Protocol):
    """A weight [N, D] that rows go through."""

    def __call__(self, rows: Array, outputs: slice = ...) -> Array:
        """`rows` [R, D] → [R, outputs], contiguous; `outputs`: a slice with both ends, all N if it is not given."""


class BlasProduct:
    """Through numpy, as the left factor: so BLAS is 1.6 times as fast as the other way round."""

    def __init__(self, weight: Array) -> None:
        """`weight`: [N, D]."""
        self._weight: Final = weight

    def __call__(self, rows: Array, outputs: slice = slice(None)) -> Array:
        """As `Product`."""
        return np.ascontiguousarray((self._weight[outputs] @ rows.T).T)


class PackedProduct:
    """Through `products.c`; safe in threads."""

    def __init__(self, library: ctypes.CDLL, weight: Array) -> None:
        """`library`: what `products.c` was compiled to; `weight`: [N, D]."""
        stored = _as_half(weight) if library.has_half() else weight
        kind = "half" if stored.dtype == np.float16 else "float"
        self._functions: Final = {lanes: library[f"{kind}_product_{lanes}"] for lanes in _LANES}
        self._outputs, self._depth = stored.shape
        blocks = -(-self._outputs // _OUTPUTS)
        padded = np.zeros((blocks * _OUTPUTS, self._depth), stored.dtype)
        padded[: self._outputs] = stored
        # [blocks, D, 8]
        self._packed: Final = np.ascontiguousarray(padded.reshape(blocks, _OUTPUTS, self._depth).swapaxes(1, 2))

    def __call__(self, rows: Array, outputs: slice = slice(None)) -> Array:
        """As `Product`."""
        begin, end, _ = outputs.indices(self._outputs)
        blocks = slice(begin // _OUTPUTS, -(-end // _OUTPUTS))
        wanted = slice(begin - blocks.start * _OUTPUTS, end - blocks.start * _OUTPUTS)
        result = np.empty((len(rows), end - begin), np.float32)
        for start in range(0, len(rows), _LANES[-1]):
            part = rows[start : start + _LANES[-1]]
            result[start : start + len(part)] = self._of(part, blocks)[wanted, : len(part)].T
        return result

    def _of(self, rows: Array, blocks: slice) -> Array:
        """At most 16 rows: [outputs of these blocks, lanes]."""
        lanes = next(lanes for lanes in _LANES if lanes >= len(rows))
        columns = np.zeros((self._depth, lanes), np.float32)
        columns[:, : len(rows)] = rows.T
        out = np.empty(((blocks.stop - blocks.start) * _OUTPUTS, lanes), np.float32)
        weight = self._packed[blocks]
        self._functions[lanes](
            ctypes.c_int64(len(weight)),
            ctypes.c_int64(self._depth),
            *(ctypes.c_void_p(array.ctypes.data) for array in (weight, columns, out)),
        )
        return out


def _as_half(weight: Array) -> npt.NDArray[np.float16 | np.float32]:
    """`weight` in half precision if nothing is lost: packages store it so."""
    half = weight.astype(np.float16)
    return half if np.array_equal(half.astype(np.float32), weight) else weight


def product_with(weight: Array) -> Product:
    """The fastest way that this machine has through `weight` [N, D]."""
    library = compiled(_SOURCE, _FLAGS)
    return BlasProduct(weight) if library is None else PackedProduct(library, weight)
