"""Decoding as one would write it first: per step the whole softmax in numpy, a mask, a draw; the baseline of `compose`.

Products and gates are numpy's too, of the same rounded weights. It draws with the same random numbers from the
characters in the same order, so that it writes the same drafts (`tests/benchmarks/test_bench_compose.py`).
"""

import numpy as np
import numpy.typing as npt

from poetcore.corpus.vocabulary import END, START
from poetcore.generation.arithmetic import QUANTISED_IN_NUMPY
from poetcore.generation.candidates import FREE, Frame, drawn_by_weight
from poetcore.generation.engine import Condition, Engine
from poetcore.generation.lexicon import Lexicon
from poetcore.generation.poet import Poet
from poetcore.nn.context import mark_ids
from poetcore.package import PoetCard, Tensors

Array = npt.NDArray[np.float32]
Tokens = npt.NDArray[np.int32]


class NaiveDecoder:
    """Token by token, everything of every row from the first."""

    def __init__(self, poet: Poet, card: PoetCard, tensors: Tensors) -> None:
        """`card`, `tensors`: as `poetcore.package.read_package` returns them for `poet`."""
        marks = mark_ids(poet.vocabulary).tolist()
        self._engine = Engine(card.architecture, tensors, marks, arithmetic=QUANTISED_IN_NUMPY)
        self._lexicon: Lexicon = poet.lexicon
        self._tones = np.zeros(self._engine.vocabulary_size, np.uint8)
        self._rhymes = np.zeros(self._engine.vocabulary_size, np.uint32)
        for tones in (1, 2):
            self._tones[self._lexicon.columns[self._lexicon.slice_of(tones)]] |= tones
        self._rhymes[self._lexicon.columns] = self._lexicon.rhymes

    def decode(
        self, frame: Frame, temperature: float, rng: np.random.Generator, condition: Condition
    ) -> tuple[Tokens, npt.NDArray[np.float64]]:
        """The drafts [N, L] of `frame`, and ln P of each under the unmasked model, END included."""
        rows, begin = np.arange(frame.rows), int(np.argmax(frame.forced == FREE))
        tokens = np.zeros((frame.rows, frame.length), np.int32)
        likelihoods, log_weights = np.zeros((2, frame.rows))
        state, last = self._engine.start(1, [condition]).repeated(frame.rows), np.full(frame.rows, START, np.int32)
        for position in range(frame.length + 1):
            state = self._engine.step(last, state)
            logits = self._engine.logits(state)
            probabilities = _softmax(logits)
            if position == frame.length:
                likelihoods += np.log(probabilities[:, END])
                return tokens, likelihoods
            forced, weights = frame.forced[position], _softmax(logits / np.float32(temperature))
            if forced == FREE:
                weights *= (self._tones & frame.tones[position] > 0) & self._rhyming(frame, position)
                weights *= self._willing(frame, position, tokens) ** (1 / temperature)
                ends = np.cumsum(weights[:, self._lexicon.order], axis=1, dtype=np.float64)
                drawn = (ends <= (rng.random(frame.rows) * ends[:, -1])[:, None]).sum(axis=1)
                last = self._lexicon.order[drawn].astype(np.int32)
                log_weights += np.log(weights.sum(axis=1))
            else:
                last = np.full(frame.rows, forced, np.int32)
                log_weights += np.log(weights[:, forced])
            likelihoods += np.log(probabilities[rows, last])
            tokens[:, position] = last
            if position >= begin and position % (frame.line_length + 1) == frame.line_length - 1:
                parents = drawn_by_weight(np.exp(log_weights - log_weights.max()), rng.random())
                state, log_weights = state.taken(parents), np.zeros(frame.rows)
                tokens, last = tokens[parents], last[parents]
                likelihoods = likelihoods[parents]
        raise AssertionError("unreachable")

    def _rhyming(self, frame: Frame, position: int) -> npt.NDArray[np.bool_]:
        """[V]: what the rhyme allows at `position`."""
        rhymes: npt.NDArray[np.bool_] = self._rhymes & frame.group > 0
        kept: npt.NDArray[np.bool_] = self._rhymes & frame.scarce == 0
        return (rhymes if frame.rhyming[position] else kept) | (frame.group == 0)

    def _willing(self, frame: Frame, position: int, tokens: Tokens) -> Array:
        """[N, V]: what the probability of each character is multiplied by because it came already, or will come."""
        willing = np.ones((frame.rows, self._engine.vocabulary_size), np.float32)
        to_come = frame.forced[position:]
        for row in range(frame.rows):
            willing[row, to_come[to_come != FREE]] = 0
            for at, token in enumerate(tokens[row, :position]):
                follows = at == position - 1
                never = at > 0 and token == tokens[row, at - 1] if follows else frame.rhyming[position]
                willing[row, token] *= 0 if never else np.exp(frame.repetition[position, at])
        return willing


def _softmax(logits: Array) -> Array:
    exponentials: Array = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: Array = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities
