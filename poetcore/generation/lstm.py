"""The LSTM as it is served: one step at a time for a batch of rows, without torch.

It computes what the training reference computes, with the multiplications moved to where they are cheapest:
the first layer's input product and bias are one table row a token, and sigmoid(x) = ½·tanh(½x) + ½ lets one call of
tanh serve all four gates, with the halves already in the weights. What is multiplied lies in [−1, 1], as hidden does,
so that a product may round it.

`decoding.c` does the same operations in the same order, so that every machine writes the same poem.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from poetcore.generation.products import Array, Product, Tokens
from poetcore.nn.context import Lines


@dataclass(frozen=True)
class State:
    """What the LSTM remembers of each row."""

    hidden: Array
    """Float32 [layers, rows, H]."""
    cell: Array
    """Float32 [layers, rows, H]."""
    lines: Lines | None = None
    """The last lines of each row, for a model that is told of them."""
    told: Array | None = None
    """What the conditions add to the first layer's gates, [rows, 4H]."""

    @property
    def top(self) -> Array:
        """The last layer's hidden, [rows, H]: what logits are made from."""
        top: Array = self.hidden[-1]
        return top

    @property
    def rows(self) -> int:
        """How many sequences are being read at once."""
        return int(self.hidden.shape[1])

    def repeated(self, rows: int) -> "State":
        """One row's state for `rows` rows."""
        return self.taken(np.zeros(rows, np.int64))

    def first(self, rows: int) -> "State":
        """The state of the first `rows` rows."""
        return self.taken(slice(0, rows))

    def taken(self, rows: slice | npt.NDArray[np.int64]) -> "State":
        """The state of `rows`."""
        return State(
            self.hidden[:, rows],
            self.cell[:, rows],
            None if self.lines is None else self.lines.taken(rows),
            None if self.told is None else self.told[rows],
        )


@dataclass(frozen=True)
class Above:
    """What a model that is told of lines adds to the first layer's gates."""

    marks: Tokens
    """The ids that end lines."""
    place: Array
    """[PLACES, 4H]: already multiplied by the weights."""
    characters: Array
    """[V, C], in [−1, 1]. Multiplied in advance it would be 60 MB for each of the two lines above."""


@dataclass(frozen=True)
class Stack:
    """The weights; gates in the order i, f, g, o, those of sigmoids halved."""

    table: Array
    """[V, 4H]: a token's share of the first layer's gates, with the bias."""
    weights: Sequence[Array]
    """A layer: [4H, inputs + H]. What it reads and what it remembers go through one product."""
    biases: Sequence[Array]
    """A layer above the first: [4H]."""
    above: Above | None

    @property
    def size(self) -> int:
        """H, the units of a layer."""
        return int(self.table.shape[1]) // 4


class Lstm(Protocol):
    """A `Stack` at work; safe in threads."""

    def step(self, tokens: Tokens, state: State) -> State:
        """The state after each row has read one token; `tokens`: int32 [rows]."""


class NumpyLstm:
    """In numpy."""

    def __init__(self, stack: Stack, product: Callable[[Array], Product], tanh: Callable[[Array], Array]) -> None:
        self._stack: Final = stack
        self._products: Final = [product(weight) for weight in stack.weights]
        self._tanh: Final = tanh

    def step(self, tokens: Tokens, state: State) -> State:
        """As `Lstm`."""
        inputs, added, lines = self._first(tokens, state)
        hidden, cell = np.empty_like(state.hidden), np.empty_like(state.cell)
        for layer, product in enumerate(self._products):
            gates = product(np.hstack([*inputs, state.hidden[layer]]))
            for share in added:
                gates += share
            hidden[layer], cell[layer] = self._remembered(gates, state.cell[layer])
            inputs, added = [hidden[layer]], self._stack.biases[layer : layer + 1]
        return State(hidden, cell, lines, state.told)

    def _first(self, tokens: Tokens, state: State) -> tuple[list[Array], Sequence[Array], Lines | None]:
        """What the first layer reads, what is added to its gates, and the lines with `tokens` read."""
        inputs, added, lines, above = [], [self._stack.table[tokens]], state.lines, self._stack.above
        if above is not None and lines is not None:
            lines = lines.read(tokens, above.marks)
            told = lines.contexts()
            inputs = [above.characters[told.above], above.characters[told.second_above]]
            added.append(above.place[told.place])
        if state.told is not None:
            added.append(state.told)
        return inputs, added, lines

    def _remembered(self, gates: Array, cell: Array) -> tuple[Array, Array]:
        """The new hidden and cell of a layer, [rows, H] each."""
        size, half = cell.shape[1], np.float32(0.5)
        gates = self._tanh(gates)
        g = gates[:, 2 * size : 3 * size]
        sigmoids = gates * half + half
        i, f, o = sigmoids[:, :size], sigmoids[:, size : 2 * size], sigmoids[:, 3 * size :]
        new_cell: Array = f * cell + i * g
        return o * self._tanh(new_cell), new_cell


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
