"""The language model of one poet as it is served, without torch: token ids in, logits out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from poetcore.generation.arithmetic import EXACT, Arithmetic
from poetcore.generation.lstm import Above, Lstm, Stack, State
from poetcore.generation.products import Array, Product, Tokens
from poetcore.nn.context import Lines
from poetcore.package import Architecture, Tensors


@dataclass(frozen=True)
class Condition:
    """What a model that can be told is told of one poem."""

    title: tuple[int, ...] = ()
    """Token ids of the title; none: it is not told."""
    form: int = 0
    """1 to 4, see `poetcore.nn.context.form_id`; 0: not told."""
    era: int = 0
    """1 Tang, 2 Song; 0: not told."""
    title_strength: float = 1.0
    """How much more the title counts than in training."""


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
        scale = _gate_scale(architecture.hidden_size)
        widths = architecture.input_widths
        of_token, of_place, *of_above, of_told = np.split(tensors["lstm.0.weight_ih"], np.cumsum(widths)[:-1], axis=1)
        above, first = None, np.zeros((4 * architecture.hidden_size, 0), np.float32)
        if architecture.context_size:
            # Characters above are inputs of a product: they are brought into [−1, 1], their weights grow by as much.
            largest: Array = np.abs(tensors["above"]).max(axis=0)
            largest[largest == 0] = 1
            above = Above(
                np.asarray(marks, np.int32),
                place=(tensors["place"] @ of_place.T) * scale,
                characters=(tensors["above"] / largest).astype(np.float32),
            )
            first = np.hstack([_scaled(weight * largest, scale) for weight in of_above])
        self._conditions: _Conditions | None = None
        if architecture.condition_size:
            self._conditions = _Conditions(
                tensors["embedding"], tensors["title"].T, tensors["form"], tensors["era"], _scaled(of_told, scale)
            )
        layers = range(architecture.layers)
        inputs = [first] + [_scaled(tensors[f"lstm.{layer}.weight_ih"], scale) for layer in layers[1:]]
        recurrent = [_scaled(tensors[f"lstm.{layer}.weight_hh"], scale) for layer in layers]
        stack = Stack(
            # For V 3,500 and H 256 that is 14 MB, and saves a product a step.
            table=(tensors["embedding"] @ of_token.T + tensors["lstm.0.bias"]) * scale,
            weights=[np.hstack(pair) for pair in zip(inputs, recurrent, strict=True)],
            biases=[tensors[f"lstm.{layer}.bias"] * scale for layer in layers[1:]],
            above=above,
        )
        self.vocabulary_size: Final = len(stack.table)
        """V, the number of token ids."""
        self._shape: Final = (architecture.layers, architecture.hidden_size)
        self._sees_lines: Final = above is not None
        self.lstm: Final[Lstm] = arithmetic.lstm(stack)
        output = tensors["embedding"] if architecture.tied else tensors["output.weight"]
        order = np.arange(len(output), dtype=np.int32) if order is None else order
        self.output: Final[Product] = arithmetic.product(output[order])
        self.output_bias: Final[Array] = tensors["output.bias"][order]
        self.column_of: Final[Tokens] = np.argsort(order).astype(np.int32)

    def start(self, rows: int, conditions: Sequence[Condition] | None = None) -> State:
        """The state before anything is read: zeros, and what is told, a condition a row; None tells nothing.

        A model that cannot be told takes no notice.
        """
        layers, size = self._shape
        zeros = np.zeros((layers, rows, size), np.float32)
        return State(
            hidden=zeros,
            cell=zeros,
            lines=Lines.start(rows) if self._sees_lines else None,
            told=self._conditions.gates(conditions or [UNTOLD] * rows) if self._conditions else None,
        )

    def step(self, tokens: Tokens, state: State) -> State:
        """The state after each row has read one token; `tokens`: [rows]."""
        return self.lstm.step(np.ascontiguousarray(tokens, np.int32), state)

    def logits(self, state: State) -> Array:
        """Logits of each row's next token over the whole vocabulary, float32 [rows, V]."""
        return self.scores(state.top)[:, self.column_of]

    def scores(self, top: Array) -> Array:
        """Logits in the order of `order`: hidden [rows, H] → float32 [rows, V]."""
        logits = self.output(top)
        logits += self.output_bias
        return logits


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
            title = self.embedding[list(condition.title)].mean(axis=0) @ self.title
            vector = vector + title * np.float32(condition.title_strength)
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
