"""Decoding as one would write it first: per step the whole softmax in numpy, a mask, a draw; the baseline of `compose`.

Weights are those of the package, as training has them. It draws with the same random numbers from the characters in the
same order, so that it writes the same drafts as the engine (`tests/benchmarks/test_bench_compose.py`).
"""

import numpy as np
import numpy.typing as npt

from poetcore.corpus.vocabulary import END, START, Vocabulary
from poetcore.generation.decoding import FREE, Frame
from poetcore.generation.engine import Condition
from poetcore.generation.lexicon import Lexicon
from poetcore.nn.context import Lines, mark_ids
from poetcore.package import PoetCard, Tensors

Array = npt.NDArray[np.float32]
Tokens = npt.NDArray[np.int32]


class NaiveDecoder:
    """Token by token, everything computed from the plain weights."""

    def __init__(self, card: PoetCard, tensors: Tensors, lexicon: Lexicon) -> None:
        """`card`, `tensors`: as `poetcore.package.read_package` returns them."""
        self._layers, self._hidden = card.architecture.layers, card.architecture.hidden_size
        self._tensors, self._lexicon = tensors, lexicon
        self._output = tensors["embedding"] if card.architecture.tied else tensors["output.weight"]
        self._marks = mark_ids(Vocabulary(card.vocabulary.characters))
        self._tones = np.zeros(len(self._output), np.uint8)
        self._rhymes = np.zeros(len(self._output), np.uint32)
        for tones in (1, 2):
            self._tones[lexicon.columns[lexicon.slice_of(tones)]] |= tones
        self._rhymes[lexicon.columns] = lexicon.rhymes

    def decode(
        self, frame: Frame, temperature: float, rng: np.random.Generator, condition: Condition
    ) -> tuple[Tokens, npt.NDArray[np.float64]]:
        """The drafts [N, L] of `frame`, and ln P of each under the unmasked model, END included."""
        rows = np.arange(frame.rows)
        tokens = np.zeros((frame.rows, frame.length), np.int32)
        likelihoods = np.zeros(frame.rows)
        groups = np.full(frame.rows, frame.groups, np.uint32)
        state = [(np.zeros((frame.rows, self._hidden), np.float32),) * 2 for _ in range(self._layers)]
        lines, last = Lines.start(frame.rows), np.full(frame.rows, START, np.int32)
        for position in range(frame.length + 1):
            lines = lines.read(last, self._marks)
            probabilities, state = self._step(last, lines, state, condition)
            if position == frame.length:
                likelihoods += np.log(probabilities[:, END])
                return tokens, likelihoods
            forced = frame.forced[position]
            if forced == FREE:
                allowed = self._allowed(frame, position, tokens, groups)
                weights = np.where(allowed, probabilities ** (1 / temperature), 0)[:, self._lexicon.order]
                ends = np.cumsum(weights, axis=1, dtype=np.float64)
                drawn = (ends <= (rng.random(frame.rows) * ends[:, -1])[:, None]).sum(axis=1)
                last = self._lexicon.order[drawn].astype(np.int32)
            else:
                last = np.full(frame.rows, forced, np.int32)
            rhyming = frame.rhyming[:, position] & (forced == FREE)
            groups = np.where(rhyming, groups & self._rhymes[last], groups).astype(np.uint32)
            likelihoods += np.log(probabilities[rows, last])
            tokens[:, position] = last
        raise AssertionError("unreachable")

    def _step(
        self, last: Tokens, lines: Lines, state: list[tuple[Array, Array]], condition: Condition
    ) -> tuple[Array, list[tuple[Array, Array]]]:
        """The whole softmax [N, V] after `last`, and the new state: hidden and cell of each layer."""
        weights, told = self._tensors, lines.contexts()
        vector = weights["form"][condition.form] + weights["era"][condition.era]
        if condition.title:
            vector = vector + weights["embedding"][list(condition.title)].mean(axis=0) @ weights["title"].T
        inputs = np.hstack(
            (
                weights["embedding"][last],
                weights["place"][told.place],
                weights["above"][told.above],
                weights["above"][told.second_above],
                np.tile(vector, (len(last), 1)),
            )
        )
        after = []
        for layer, (hidden, cell) in enumerate(state):
            gates = (
                inputs @ weights[f"lstm.{layer}.weight_ih"].T
                + hidden @ weights[f"lstm.{layer}.weight_hh"].T
                + weights[f"lstm.{layer}.bias"]
            )
            entering, kept, candidate, shown = np.split(gates, 4, axis=1)
            cell = _sigmoid(kept) * cell + _sigmoid(entering) * np.tanh(candidate)
            inputs = _sigmoid(shown) * np.tanh(cell)
            after.append((inputs, cell))
        logits = inputs @ self._output.T + weights["output.bias"]
        exponentials: Array = np.exp(logits - logits.max(axis=1, keepdims=True))
        return exponentials / exponentials.sum(axis=1, keepdims=True), after

    def _allowed(
        self, frame: Frame, position: int, tokens: Tokens, groups: npt.NDArray[np.uint32]
    ) -> npt.NDArray[np.bool_]:
        """[N, V]: what may stand at `position`."""
        allowed = (self._tones & frame.tones[:, position, None]) > 0
        kept = self._rhymes & (groups & frame.scarce)[:, None]
        rhymes = self._rhymes & groups[:, None]
        if frame.groups:
            allowed &= np.where(frame.rhyming[:, position, None], rhymes > 0, kept == 0)
        to_come = frame.forced[position:]
        for row in range(frame.rows):
            allowed[row, tokens[row, : max(position - 1, 0)]] = False
            allowed[row, to_come[to_come != FREE]] = False
        return allowed


def _sigmoid(x: Array) -> Array:
    result: Array = np.float32(1) / (np.float32(1) + np.exp(-x))
    return result
