"""The input of an LSTM as rows of small tables, and the steps of a packed batch.

A batch of poems has 8,000 inputs but 2,000 different characters: a product with the input weights is done once for
each different row, not for each place where the row stands.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Steps:
    """How sequences of different lengths lie in packed rows: all of step 0, then all of step 1, longest first.

    Step t has `sizes[t]` rows, those of the sequences that still run; row r of a step belongs to sequence r.
    No padding is stored or computed.
    """

    sizes: tuple[int, ...]
    """Rows of each step, never growing."""
    sequences: Tensor
    """int64 [N]: the sequence that each row belongs to."""

    @classmethod
    def of(cls, sizes: Sequence[int], device: torch.device | None = None) -> "Steps":
        """For steps of these sizes, the tensors on `device`."""
        sequences = torch.cat([torch.arange(size) for size in sizes])
        return cls(tuple(sizes), sequences if device is None else moved(sequences, device))

    def slices(self) -> Iterator[slice]:
        """The rows of each step."""
        end = 0
        for size in self.sizes:
            begin, end = end, end + size
            yield slice(begin, end)

    def padded(self, rows: Tensor) -> Tensor:
        """[N, D] → [T, B, D], zeros behind the ends."""
        padded = rows.new_zeros(len(self.sizes) * self.sizes[0], rows.shape[1])
        return padded.index_copy(0, self._places(), rows).view(len(self.sizes), self.sizes[0], -1)

    def packed(self, padded: Tensor) -> Tensor:
        """[T, B, D] → [N, D]."""
        return padded.flatten(0, 1)[self._places()]

    def _places(self) -> Tensor:
        """Where each row lies in a padded array, int64 [N]."""
        # A row that begins a step belongs to sequence 0; no other does.
        step = (self.sequences == 0).cumsum(0) - 1
        return step * self.sizes[0] + self.sequences

    def before(self, hidden: Tensor) -> Tensor:
        """From `hidden` [N, H] of every step to that of the step before, for all rows but those of step 0."""
        if self.sizes[0] == self.sizes[-1]:
            return hidden[: len(hidden) - self.sizes[-1]]
        parts = [
            hidden[rows.start : rows.start + size] for rows, size in zip(self.slices(), self.sizes[1:], strict=False)
        ]
        return torch.cat(parts) if parts else hidden[:0]


def moved(tensor: Tensor, device: torch.device) -> Tensor:
    """`tensor`, made by the CPU, on `device`; the copy to a GPU runs beside the GPU's work."""
    return (tensor.pin_memory() if device.type == "cuda" else tensor).to(device, non_blocking=True)


@dataclass(frozen=True)
class Lookup:
    """A matrix [N, D] as the concatenation, for each row n, of `tables[k][indices[n, k]]`."""

    tables: Sequence[Tensor]
    """K tables [·, D_k] of one float dtype; the D_k add up to D."""
    indices: Tensor
    """int64 [N, K]."""

    @property
    def widths(self) -> list[int]:
        """D_k of each table."""
        return [table.shape[1] for table in self.tables]

    def dense(self) -> Tensor:
        """The matrix itself."""
        return torch.cat([table[self.indices[:, k]] for k, table in enumerate(self.tables)], dim=1)
