"""The LSTM as it is served: without torch, one step at a time for a batch of rows.

It computes what the training reference computes, with the multiplications moved to where they are cheapest:
the first layer's input product and bias are one table row a token, and sigmoid(x) = ½·tanh(½x) + ½ lets one call of
tanh serve all four gates, with the halves already in the weights. What is multiplied lies in [−1, 1], as hidden does,
so that a product may round it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from poetcore.generation.layers import EXACT, Arithmetic, Layer, Rows
from poetcore.generation.products import Array, Product, Tokens
from poetcore.nn.context import Lines
from poetcore.package import Architecture, Tensors


@dataclass(frozen=True)
class State:
    """What the LSTM remembers of each row: hidden and cell of every layer, float32 [layers][rows, H]."""

    hidden: tuple[Array, ...]
    cell: tuple[Array, ...]
    lines: Lines | None = None
    """The last lines of each row, for a model that is told of them."""
    told: Array | None = None
    """What the conditions add to the first layer's gates, [rows, 4H]."""

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
        return self._taken(np.zeros(rows, np.int64))

    def first(self, rows: int) -> "State":
        """The state of the first `rows` rows."""
        return self._taken(slice(0, rows))

    def _taken(self, rows: slice | npt.NDArray[np.int64]) -> "State":
        return State(
            tuple(hidden[rows] for hidden in self.hidden),
            tuple(cell[rows] for cell in self.cell),
            None if self.lines is None else self.lines.taken(rows),
            None if self.told is None else self.told[rows],
        )


@dataclass(frozen=True)
class Condition:
    """What a model that can be told is told of one poem."""

    title: tuple[int, ...] = ()
    """Token ids of the title; none: it is not told."""
    form: int = 0
    """1 to 4, see `poetcore.nn.context.FORM_IDS`; 0: not told."""
    era: int = 0
    """1 Tang, 2 Song; 0: not told."""


UNTOLD: Final = Condition()


class Engine:
    """The language model of one poet. It knows token ids only, keeps no state, and is safe in threads."""

    def __init__(
        self,
        architecture: Architecture,
        tensors: Tensors,
        marks: Sequence[int] = (),
        order: Tokens | None = None,
        arithmetic: Arithmetic = EXACT,
    ) -> None:
        """`tensors`: float32, as `poetcore.package.read_package` returns them; `marks`: the ids that end lines.

        `order`: all token ids in the order in which the output's columns lie; None for that of the ids.
        `arithmetic`: with what the weights are multiplied; `quantised_arithmetic` is several times as fast.
        """
        self._hidden_size: Final = architecture.hidden_size
        self._layers: Final = architecture.layers
        scale = _gate_scale(architecture.hidden_size)
        bias = tensors["lstm.0.bias"]
        widths = architecture.input_widths
        of_token, of_place, *of_above, of_told = np.split(tensors["lstm.0.weight_ih"], np.cumsum(widths)[:-1], axis=1)
        # [V, 4H]: for V 3,500 and H 256 that is 14 MB, and saves a product a step.
        self._table: Final[Array] = (tensors["embedding"] @ of_token.T + bias) * scale
        self._context: _Context | None = None
        if architecture.context_size:
            table = (tensors["place"] @ of_place.T) * scale
            # Characters above are inputs of a product: they are brought into [−1, 1], their weights grow by as much.
            largest: Array = np.abs(tensors["above"]).max(axis=0)
            largest[largest == 0] = 1
            weight = np.hstack([_scaled(weight * largest, scale) for weight in of_above])
            above = (tensors["above"] / largest).astype(np.float32)
            self._context = _Context(np.asarray(marks, np.int32), table, above, weight)
        self._conditions: _Conditions | None = None
        if architecture.condition_size:
            self._conditions = _Conditions(
                tensors["embedding"], tensors["title"].T, tensors["form"], tensors["era"], _scaled(of_told, scale)
            )
        # [4H, inputs + H] a layer: what it reads and what it remembers go through one product.
        first = self._context.weight if self._context else np.zeros((4 * architecture.hidden_size, 0), np.float32)
        inputs = [first] + [_scaled(tensors[f"lstm.{layer}.weight_ih"], scale) for layer in range(1, self._layers)]
        recurrent = [_scaled(tensors[f"lstm.{layer}.weight_hh"], scale) for layer in range(self._layers)]
        pairs = zip(inputs, recurrent, strict=True)
        self._step_of: Final[list[Layer]] = [arithmetic.layer(np.hstack(pair)) for pair in pairs]
        self._bias: Final = [tensors[f"lstm.{layer}.bias"][None] * scale for layer in range(1, self._layers)]
        output = tensors["embedding"] if architecture.tied else tensors["output.weight"]
        order = np.arange(len(output), dtype=np.int32) if order is None else order
        self._output: Final[Product] = arithmetic.product(output[order])
        self._output_bias: Final[Array] = tensors["output.bias"][order]
        self.column_of: Final = np.argsort(order)

    @property
    def vocabulary_size(self) -> int:
        """V, the number of token ids."""
        return len(self._table)

    def start(self, rows: int, conditions: Sequence[Condition] | None = None) -> State:
        """The state before anything is read: zeros, and what is told, a condition a row; None tells nothing.

        A model that cannot be told takes no notice.
        """
        zeros = np.zeros((rows, self._hidden_size), np.float32)
        return State(
            hidden=(zeros,) * self._layers,
            cell=(zeros,) * self._layers,
            lines=Lines.start(rows) if self._context is not None else None,
            told=self._conditions.gates(conditions or [UNTOLD] * rows) if self._conditions else None,
        )

    def step(self, tokens: Tokens, state: State) -> State:
        """The state after each row has read one token; `tokens`: [rows]."""
        inputs, added, lines = self._first(np.ascontiguousarray(tokens, np.int32), state)
        hidden, cell = self._step_of[0](inputs, added, state.cell[0])
        hiddens, cells = [hidden], [cell]
        same = np.zeros(len(tokens), np.int32)
        for layer in range(1, self._layers):
            inputs = [Rows(hiddens[-1]), Rows(np.ascontiguousarray(state.hidden[layer]))]
            hidden, cell = self._step_of[layer](inputs, [Rows(self._bias[layer - 1], same)], state.cell[layer])
            hiddens.append(hidden)
            cells.append(cell)
        return State(tuple(hiddens), tuple(cells), lines, state.told)

    def _first(self, tokens: Tokens, state: State) -> tuple[list[Rows], list[Rows], Lines | None]:
        """What goes through the first layer's weight, what is added to its gates, and the lines with `tokens` read."""
        inputs, added, lines = [Rows(np.ascontiguousarray(state.hidden[0]))], [Rows(self._table, tokens)], state.lines
        if self._context is not None and lines is not None:
            lines = lines.read(tokens, self._context.marks)
            told = lines.contexts()
            above = self._context.above
            inputs = [Rows(above, told.above), Rows(above, told.second_above), *inputs]
            added.append(Rows(self._context.place, told.place.astype(np.int32)))
        if state.told is not None:
            added.append(Rows(np.ascontiguousarray(state.told)))
        return inputs, added, lines

    def logits(self, state: State) -> Array:
        """Logits of each row's next token over the whole vocabulary, float32 [rows, V]."""
        return self.scores(state.top, slice(None))[:, self.column_of]

    def scores(self, top: Array, columns: slice) -> Array:
        """Logits of some columns of `order` alone: hidden [rows, H] → float32 [rows, columns]."""
        logits, bias = self.scores_and_bias(top, columns)
        logits += bias
        return logits

    def scores_and_bias(self, top: Array, columns: slice) -> tuple[Array, Array]:
        """As `scores`, the bias [columns] not yet added."""
        return self._output(top, columns), self._output_bias[columns]


@dataclass(frozen=True)
class _Context:
    """What place and lines above add to the first layer's gates."""

    marks: Tokens
    place: Array
    """[PLACES, 4H]: already multiplied by the weights."""
    above: Array
    """[V, C], in [−1, 1]. Multiplied in advance it would be 60 MB for each of the two lines above."""
    weight: Array
    """[4H, 2C]."""


@dataclass(frozen=True)
class _Conditions:
    """What title, form and era add to the first layer's gates."""

    embedding: Array
    title: Array
    form: Array
    era: Array
    weight: Array
    """[4H, condition]."""

    def gates(self, conditions: Sequence[Condition]) -> Array:
        """[len(conditions), 4H]."""
        gates: Array = np.stack([self._vector(condition) for condition in conditions]) @ self.weight.T
        return gates

    def _vector(self, condition: Condition) -> Array:
        vector: Array = self.form[condition.form] + self.era[condition.era]
        if condition.title:
            vector = vector + self.embedding[list(condition.title)].mean(axis=0) @ self.title
        return vector


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
    """`weight` [4H, D], gates scaled."""
    return weight * scale[:, None]
