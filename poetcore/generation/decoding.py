"""Sampling candidates: token ids in, token ids out, all candidates in one batch.

A `Frame` says what may stand where; the engine says how likely it is. What the frame forbids is not drawn, and how much
of the model's chances that was decides which candidates live (`candidates.py`). `poetcore.generation.freely` writes
without a frame.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from poetcore.corpus.vocabulary import END, START
from poetcore.generation.candidates import FREE, Frame, Growing
from poetcore.generation.drawing import FORBIDDEN, Rules, forbid, sample
from poetcore.generation.engine import UNTOLD, Condition, Engine, log_normaliser
from poetcore.generation.lexicon import Lexicon
from poetcore.generation.lstm import State
from poetcore.generation.native import NativeWriter
from poetcore.generation.products import Array, Tokens

Known = Callable[[Tokens], npt.NDArray[np.bool_]]
"""`known(lines)`: which of these lines, [n, length], stand in the corpus."""

Numbers = npt.NDArray[np.int64]

# A last character that would complete a line of the corpus is drawn again so often; the corpus has few lines that
# differ in their last character alone.
_MOST_REDRAWS: Final = 64


@dataclass(frozen=True)
class Drafts:
    """N sampled poems."""

    tokens: Tokens
    """[N, L]."""
    tops: Array
    """[N, L + 1, H]: the engine's hidden before each token, and before END."""
    rough: npt.NDArray[np.float64]
    """[N]: natural log of a draft's probability at its temperature, but for its beginning and for what characters lost
    because they came again; a by-product, to leave out drafts by."""

    def log_likelihoods(self, engine: Engine, rows: Numbers) -> npt.NDArray[np.float64]:
        """Natural log of the probability of each of `rows` under the unmasked model, END included."""
        targets = np.pad(self.tokens[rows], ((0, 0), (0, 1)), constant_values=END).reshape(-1)
        logits = engine.scores(self.tops[rows].reshape(len(targets), -1))
        chosen = logits[np.arange(len(targets)), engine.column_of[targets]]
        likelihoods: npt.NDArray[np.float64] = (
            (chosen - log_normaliser(logits)).reshape(len(rows), -1).sum(axis=1, dtype=np.float64)
        )
        return likelihoods


class NumpyWriter:
    """In numpy, one position after the other."""

    def __init__(self, engine: Engine, lexicon: Lexicon) -> None:
        self._engine, self._lexicon = engine, lexicon

    def write(self, growing: Growing, span: range, state: State, uniform: npt.NDArray[np.float64]) -> State:
        """As `Writer`."""
        numbers = iter(uniform)
        for position in span:
            if position > span.start:
                state = self._engine.step(growing.tokens[:, position - 1], state)
            growing.tops[position] = state.top
            logits = self._engine.scores(state.top)
            growing.log_shares[:, position] = -log_normaliser(logits / growing.temperature)
            forced = growing.frame.forced[position]
            if forced != FREE:
                growing.tokens[:, position] = forced
                growing.log_shares[:, position] += logits[:, self._engine.column_of[forced]] / growing.temperature
                continue
            allowed = self._allowed(growing, position, np.arange(growing.frame.rows), logits)
            growing.log_shares[:, position] += log_normaliser(allowed / growing.temperature)
            self._draw(growing, position, np.arange(growing.frame.rows), allowed, next(numbers))
        return state

    def complete_anew(self, growing: Growing, position: int, known: Known, rng: np.random.Generator) -> None:
        """Where a line ends at `position` and the corpus has it, draw its last character again without that one."""
        line = slice(position + 1 - growing.frame.line_length, position + 1)
        copied = known(growing.tokens[:, line])
        if not copied.any():
            return
        rows, begin = np.flatnonzero(copied), self._columns(growing, position).start
        logits = self._engine.scores(growing.tops[position][rows])
        allowed = self._allowed(growing, position, rows, logits)
        counted = log_normaliser(allowed / growing.temperature)
        for _ in range(_MOST_REDRAWS):
            uniform = rng.random(growing.frame.rows)
            at = np.flatnonzero(copied[rows])
            allowed[at, self._lexicon.column_of[growing.tokens[rows[at], position]] - begin] = FORBIDDEN
            at = at[np.isfinite(allowed[at]).any(axis=1)]
            self._draw(growing, position, rows[at], allowed[at], uniform[rows[at]])
            # What the corpus has was not allowed either.
            left = log_normaliser(allowed[at] / growing.temperature)
            growing.log_shares[rows[at], position] += left - counted[at]
            counted[at] = left
            copied = known(growing.tokens[:, line])
            if not copied.any():
                return

    def _columns(self, growing: Growing, position: int) -> slice:
        """Of the lexicon, what the tones allow."""
        return self._lexicon.slice_of(int(growing.frame.tones[position]))

    def _allowed(self, growing: Growing, position: int, rows: Numbers, logits: Array) -> Array:
        """[rows, columns]: logits of what each of `rows` may choose from; `logits`: [rows, V]."""
        frame, columns = growing.frame, self._columns(growing, position)
        wanted, shunned = (frame.group, 0) if frame.rhyming[position] else (0, frame.scarce)
        used, reluctance = self._used(growing, position)
        allowed: Array = logits[:, columns].copy()
        rules = Rules(self._lexicon.rhymes[columns], wanted, shunned, used[rows] - columns.start, reluctance[rows])
        forbid(allowed, rules)
        return allowed

    def _used(self, growing: Growing, position: int) -> tuple[Numbers, Array]:
        """The columns of what stands in the poem or is bound to come, [N, any], and what is added to their logits.

        The last may follow itself (疊字), unless it has; other characters do not come again where it rhymes, nor
        before they are due.
        """
        frame, before = growing.frame, growing.tokens[:, :position]
        to_come = frame.forced[position:]
        to_come = to_come[to_come != FREE]
        tokens = np.hstack((before, np.broadcast_to(to_come, (frame.rows, len(to_come)))))
        reluctance = np.full(tokens.shape, FORBIDDEN)
        reluctance[:, :position] = frame.repetition[position, :position]
        if frame.rhyming[position]:
            reluctance[:, : max(position - 1, 0)] = FORBIDDEN
        if position > 1:
            reluctance[before[:, -1] == before[:, -2], position - 1] = FORBIDDEN
        return self._lexicon.column_of[tokens].astype(np.int64), reluctance

    def _draw(
        self, growing: Growing, position: int, rows: Numbers, logits: Array, uniform: npt.NDArray[np.float64]
    ) -> None:
        drawn, chances = sample(logits, growing.temperature, uniform)
        growing.tokens[rows, position] = self._lexicon.columns[self._columns(growing, position)][drawn]
        growing.chances[rows, position] = chances


def decode(
    engine: Engine,
    lexicon: Lexicon,
    frame: Frame,
    known: Known,
    temperature: float,
    rng: np.random.Generator,
    condition: Condition = UNTOLD,
) -> Drafts:
    """Sample the candidates of `frame`, of which the model is told `condition`.

    The forced beginning is read once for all of them. One uniform number a row is drawn at each position with a
    choice, one more each time a line had to be completed anew, and one at the end of each line for all rows, if
    there are several.
    """
    state = engine.step(np.full(1, START, np.int32), engine.start(1, [condition]))
    growing = Growing(frame, temperature, state.top.shape[1])
    choices = np.flatnonzero(frame.forced == FREE).tolist()
    begin = choices[0] if choices else frame.length
    for position, forced in enumerate(frame.forced[:begin]):
        growing.tops[position] = state.top
        growing.tokens[:, position] = forced
        state = engine.step(growing.tokens[:1, position], state)
    state = state.repeated(frame.rows)
    in_numpy = NumpyWriter(engine, lexicon)
    writer = NativeWriter.of(engine.lstm, engine.output, engine.output_bias, engine.column_of, lexicon) or in_numpy
    for span in _spans(frame, begin):
        last = span.stop - 1
        uniform = rng.random((sum(choice in span for choice in choices), frame.rows))
        state = writer.write(growing, span, state, uniform)
        if frame.forced[last] == FREE and _ends_line(frame, last):
            in_numpy.complete_anew(growing, last, known, rng)
        if _ends_line(frame, last) and frame.rows > 1:
            since = max(begin, last - frame.line_length)
            state = state.taken(growing.resample(slice(since, last + 1), rng.random()))
        state = engine.step(growing.tokens[:, last], state)
    growing.tops[-1] = state.top
    rough = (np.log(growing.chances) + growing.log_shares).sum(axis=1)
    return Drafts(growing.tokens, growing.tops.swapaxes(0, 1), rough)


def _spans(frame: Frame, begin: int) -> Iterator[range]:
    """The positions from `begin` on, in pieces that end where a line does."""
    for position in range(begin, frame.length):
        if _ends_line(frame, position) or position == frame.length - 1:
            yield range(begin, position + 1)
            begin = position + 1


def _ends_line(frame: Frame, position: int) -> bool:
    return position % (frame.line_length + 1) == frame.line_length - 1
