"""The LSTM as it is served: numpy, float32, one step at a time for a batch of rows.

It computes what the training reference computes, with the multiplications moved to where they are cheapest:
the first layer's input product and bias are one table row a token, and sigmoid(x) = ½·tanh(½x) + ½ lets one call of
tanh serve all four gates, with the halves already in the weights.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from poetcore.package import Architecture, Tensors

Array = npt.NDArray[np.float32]
Tokens = npt.NDArray[np.int32]


@dataclass(frozen=True)
class State:
    """What the LSTM remembers of each row: hidden and cell of every layer, float32 [layers][rows, H]."""

    hidden: tuple[Array, ...]
    cell: tuple[Array, ...]

    @property
    def top(self) -> Array:
        """The last layer's hidden, [rows, H]: what logits are made from."""
        return self.hidden[-1]

    @property
    def rows(self) -> int:
        """How many sequences are being read at once."""
        return len(self.top)

    def repeated(self, rows: int) -> "State":
        """One row's state for `rows` rows."""
        return State(
            tuple(np.repeat(hidden, rows, axis=0) for hidden in self.hidden),
            tuple(np.repeat(cell, rows, axis=0) for cell in self.cell),
        )

    def first(self, rows: int) -> "State":
        """The state of the first `rows` rows."""
        return State(tuple(hidden[:rows] for hidden in self.hidden), tuple(cell[:rows] for cell in self.cell))


class Engine:
    """The language model of one poet. It knows token ids only, keeps no state, and is safe in threads."""

    def __init__(self, architecture: Architecture, tensors: Tensors) -> None:
        """`tensors`: float32, as `poetcore.package.read_package` returns them."""
        self._hidden_size: Final = architecture.hidden_size
        self._layers: Final = architecture.layers
        scale = _gate_scale(architecture.hidden_size)
        bias = tensors["lstm.0.bias"]
        # [V, 4H]: for V 3,500 and H 256 that is 14 MB, and saves a product a step.
        self._table: Final[Array] = (tensors["embedding"] @ tensors["lstm.0.weight_ih"].T + bias) * scale
        self._recurrent: Final = [_scaled(tensors[f"lstm.{layer}.weight_hh"], scale) for layer in range(self._layers)]
        self._input: Final = [_scaled(tensors[f"lstm.{layer}.weight_ih"], scale) for layer in range(1, self._layers)]
        self._bias: Final = [tensors[f"lstm.{layer}.bias"] * scale for layer in range(1, self._layers)]
        output = tensors["embedding"] if architecture.tied else tensors["output.weight"]
        self._output: Final[Array] = np.ascontiguousarray(output.T)
        self._output_bias: Final[Array] = tensors["output.bias"]

    @property
    def vocabulary_size(self) -> int:
        """V, the number of token ids."""
        return len(self._table)

    def start(self, rows: int) -> State:
        """The state before anything is read: zeros."""
        zeros = np.zeros((rows, self._hidden_size), np.float32)
        return State((zeros,) * self._layers, (zeros,) * self._layers)

    def step(self, tokens: Tokens, state: State) -> State:
        """The state after each row has read one token; `tokens`: [rows]."""
        hiddens: list[Array] = []
        cells: list[Array] = []
        for layer in range(self._layers):
            # `layer` 0 reads the table; the ones above read the hidden of the layer below.
            below = self._input[layer - 1] if layer else None
            gates = self._table[tokens] if below is None else hiddens[-1] @ below + self._bias[layer - 1]
            gates += state.hidden[layer] @ self._recurrent[layer]
            hidden, cell = _cell_update(gates, state.cell[layer])
            hiddens.append(hidden)
            cells.append(cell)
        return State(tuple(hiddens), tuple(cells))

    def logits(self, state: State) -> Array:
        """Logits of each row's next token over the whole vocabulary, float32 [rows, V]."""
        logits: Array = state.top @ self._output
        logits += self._output_bias
        return logits


def log_normaliser(logits: Array) -> Array:
    """log Σ exp(logits) of each row: [rows, V] → [rows]."""
    largest = logits.max(axis=1)
    total = np.exp(logits - largest[:, None]).sum(axis=1)
    normaliser: Array = largest + np.log(total)
    return normaliser


def _gate_scale(hidden_size: int) -> Array:
    """½ for the sigmoid gates (input, forget, output), 1 for the cell gate: float32 [4H]."""
    return np.repeat(np.array([0.5, 0.5, 1.0, 0.5], np.float32), hidden_size)


def _scaled(weight: Array, scale: Array) -> Array:
    """`weight` [4H, D] as the contiguous right factor [D, 4H], gates scaled."""
    return np.ascontiguousarray((weight * scale[:, None]).T)


def _cell_update(gates: Array, cell: Array) -> tuple[Array, Array]:
    """New hidden and cell [rows, H] from the scaled pre-activations [rows, 4H], which are overwritten."""
    size = cell.shape[1]
    np.tanh(gates, out=gates)
    candidate = gates[:, 2 * size : 3 * size].copy()
    gates *= np.float32(0.5)
    gates += np.float32(0.5)
    entering, kept, shown = gates[:, :size], gates[:, size : 2 * size], gates[:, 3 * size :]
    new_cell = kept * cell + entering * candidate
    return shown * np.tanh(new_cell), new_cell
