"""The pointwise work of the LSTM and its loss: `kernels.c` where a C compiler is at hand, the same in torch elsewhere.

The C file is called through ctypes (`poetcore.compiling`). Without a compiler, on a GPU, and in tests beside it,
`TorchKernels` does the same operations one by one.
"""

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

import torch
from torch import Tensor

from poetcore.compiling import compiled

_SOURCE: Final = Path(__file__).with_name("kernels.c")
# What -ffast-math means, but for "no value is ever NaN" (a diverged run must show) and for the start-up code that
# changes the rounding of the whole process.
_FLAGS: Final = (
    *("-O3", "-fopenmp"),
    *("-fno-math-errno", "-fno-trapping-math", "-fno-signed-zeros", "-fassociative-math", "-freciprocal-math"),
)


class Kernels(Protocol):
    """Operations in place on contiguous tensors; activations are bfloat16 or float32, all state is float32.

    (Of float64 everything is float64; torch's operations take it, for tests.)

    n rows, H hidden units, gates in the order i, f, g, o.
    """

    name: str
    """What a person is told: "C" or "torch"."""

    def cell_forward(self, gates: Tensor, bias: Tensor, cell_before: Tensor, cell: Tensor, hidden: Tensor) -> None:
        """`gates` [n, 4H], plus `bias` [4H] float32, → activations; writes `cell` float32 and `hidden` [n, H]."""

    def cell_backward(self, gates: Tensor, cell_before: Tensor, cell: Tensor, d_hidden: Tensor, d_cell: Tensor) -> None:
        """`gates` activations → derivative by the pre-activations; `d_cell` [n, H] float32 moves one step back."""

    def gather_sum(self, tables: Sequence[Tensor], indices: Tensor, out: Tensor) -> None:
        """`out` [n, D] = Σ_k tables[k][indices[:, k]]; `tables[k]` [·, D], `indices` int64 [n, K]."""

    def scatter_sum(self, rows: Tensor, indices: Tensor, table: Tensor) -> None:
        """`table`[indices[n]] += rows[n]; `rows` [n, D], `indices` int64 [n] (any stride), `table` float32 [·, D]."""

    def softmax_loss(self, logits: Tensor, bias: Tensor, targets: Tensor, d_bias: Tensor) -> Tensor:
        """`logits` [n, V], to which `bias` float32 [V] is added, → their derivative; the loss of each row, float32 [n].

        `d_bias` float32 [V] is added to. The loss is −ln softmax(logits + bias)[target].
        """


class TorchKernels:
    """The operations one by one, on any device: the reference for `NativeKernels`."""

    name = "torch"

    def cell_forward(self, gates: Tensor, bias: Tensor, cell_before: Tensor, cell: Tensor, hidden: Tensor) -> None:
        """As `Kernels.cell_forward`."""
        i, f, g, o = (_wide(gates) + bias).chunk(4, dim=1)
        i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
        cell.copy_(f * cell_before + i * g)
        hidden.copy_(o * cell.tanh())
        gates.copy_(torch.cat((i, f, g, o), dim=1))

    def cell_backward(self, gates: Tensor, cell_before: Tensor, cell: Tensor, d_hidden: Tensor, d_cell: Tensor) -> None:
        """As `Kernels.cell_backward`."""
        i, f, g, o = _wide(gates).chunk(4, dim=1)
        tanh_cell, d = cell.tanh(), _wide(d_hidden)
        total = d_cell + d * o * (1 - tanh_cell * tanh_cell)
        # First: of float32 gates, f is a view of what is overwritten next.
        d_cell.copy_(total * f)
        parts = (total * g * i * (1 - i), total * cell_before * f * (1 - f), total * i * (1 - g * g))
        gates.copy_(torch.cat((*parts, d * tanh_cell * o * (1 - o)), dim=1))

    def gather_sum(self, tables: Sequence[Tensor], indices: Tensor, out: Tensor) -> None:
        """As `Kernels.gather_sum`."""
        out.copy_(torch.stack([_wide(table[indices[:, k]]) for k, table in enumerate(tables)]).sum(dim=0))

    def scatter_sum(self, rows: Tensor, indices: Tensor, table: Tensor) -> None:
        """As `Kernels.scatter_sum`."""
        table.index_add_(0, indices, _wide(rows))

    def softmax_loss(self, logits: Tensor, bias: Tensor, targets: Tensor, d_bias: Tensor) -> Tensor:
        """As `Kernels.softmax_loss`."""
        shifted = _wide(logits) + bias
        shifted -= shifted.amax(dim=1, keepdim=True)
        wanted = shifted.gather(1, targets[:, None])[:, 0]
        probabilities = shifted.exp_()
        totals = probabilities.sum(dim=1, keepdim=True)
        losses = totals[:, 0].log() - wanted
        probabilities /= totals
        probabilities.scatter_add_(1, targets[:, None], probabilities.new_full((len(targets), 1), -1.0))
        d_bias += probabilities.sum(dim=0)
        logits.copy_(probabilities)
        return losses


def _wide(tensor: Tensor) -> Tensor:
    return tensor if tensor.dtype == torch.float64 else tensor.float()


class NativeKernels:
    """`kernels.c`, on the CPU."""

    name = "C"

    def __init__(self, library: ctypes.CDLL) -> None:
        """`library` is what `kernels.c` was compiled to."""
        self._library = library

    def cell_forward(self, gates: Tensor, bias: Tensor, cell_before: Tensor, cell: Tensor, hidden: Tensor) -> None:
        """As `Kernels.cell_forward`."""
        self._call("cell_forward", gates, *_sizes(cell), gates, bias, cell_before, cell, hidden)

    def cell_backward(self, gates: Tensor, cell_before: Tensor, cell: Tensor, d_hidden: Tensor, d_cell: Tensor) -> None:
        """As `Kernels.cell_backward`."""
        self._call("cell_backward", gates, *_sizes(cell), gates, cell_before, cell, d_hidden, d_cell)

    def gather_sum(self, tables: Sequence[Tensor], indices: Tensor, out: Tensor) -> None:
        """As `Kernels.gather_sum`."""
        addresses = (ctypes.c_void_p * len(tables))(*(table.data_ptr() for table in tables))
        self._call("gather_sum", out, *_sizes(out), ctypes.c_int64(len(tables)), addresses, indices, out)

    def scatter_sum(self, rows: Tensor, indices: Tensor, table: Tensor) -> None:
        """As `Kernels.scatter_sum`."""
        self._call("scatter_sum", rows, *_sizes(rows), ctypes.c_int64(indices.stride(0)), rows, indices, table)

    def softmax_loss(self, logits: Tensor, bias: Tensor, targets: Tensor, d_bias: Tensor) -> Tensor:
        """As `Kernels.softmax_loss`."""
        threads = torch.get_num_threads()
        losses = torch.empty(len(logits))
        # Zeros: where the system grants fewer threads, a part that none has written is added up too.
        scratch = torch.zeros(threads, 2, logits.shape[1])
        operands = (logits, bias, targets, losses, d_bias, scratch)
        self._call("softmax_loss", logits, *_sizes(logits), *operands, ctypes.c_int(threads))
        return losses

    def _call(self, name: str, typed: Tensor, *operands: object) -> None:
        """Call the function `name` for the type of `typed`; tensors are handed over as addresses."""
        function = self._library[f"{name}_{_TYPE_NAMES[typed.dtype]}"]
        function(*(_address(x) if isinstance(x, Tensor) else x for x in operands))


_TYPE_NAMES: Final = {torch.bfloat16: "bfloat16", torch.float32: "float32"}


def _address(tensor: Tensor) -> ctypes.c_void_p:
    return ctypes.c_void_p(tensor.data_ptr())


def _sizes(rows: Tensor) -> tuple[ctypes.c_int64, ctypes.c_int64]:
    return ctypes.c_int64(rows.shape[0]), ctypes.c_int64(rows.shape[1])


def kernels_for(rows: Tensor) -> Kernels:
    """The fastest kernels that this machine has for activations like `rows`."""
    native = rows.device.type == "cpu" and rows.dtype in _TYPE_NAMES
    library = compiled(_SOURCE, _FLAGS) if native else None
    return TorchKernels() if library is None else NativeKernels(library)


def state_dtype(rows: Tensor) -> torch.dtype:
    """What sums and cell states beside activations like `rows` are kept in."""
    return torch.float64 if rows.dtype == torch.float64 else torch.float32
