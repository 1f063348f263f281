"""Sampling candidates: token ids in, token ids out, all candidates in one batch.

A `Frame` says what may stand where; the engine says how likely it is. Logits are computed for the characters that are
allowed and for no others. `poetcore.generation.freely` writes without a frame.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from poetcore.corpus.vocabulary import END, START
from poetcore.generation.drawing import FORBIDDEN, Rules, fastest_draw, sample
from poetcore.generation.engine import UNTOLD, Condition, Engine, log_normaliser
from poetcore.generation.lexicon import EITHER, Lexicon
from poetcore.generation.products import Array, Tokens
from poetcore.prosody.readings import LEVEL_BIT, OBLIQUE_BIT

FREE: Final = -1
"""In `Frame.forced`: a position of the poet's choice."""

Known = Callable[[Tokens], npt.NDArray[np.bool_]]
"""`known(lines)`: which of these lines, [n, length], stand in the corpus."""

# A last character that would complete a line of the corpus is drawn again so often; the corpus has few lines that
# differ in their last character alone.
_MOST_REDRAWS: Final = 64


@dataclass(frozen=True)
class Frame:
    """What N candidates of L tokens are held to."""

    forced: Tokens
    """[L]: the token of each position, `FREE` where there is a choice."""
    tones: npt.NDArray[np.uint8]
    """[N, L]: bits of the tones allowed where there is a choice."""
    rhyming: npt.NDArray[np.bool_]
    """[N, L]: where a character must rhyme."""
    line_length: int
    """Hanzi in a line; a mark follows each."""
    groups: int
    """The level rhyme groups, as bits, of which a candidate takes one; 0: it need not rhyme."""
    scarce: int = 0
    """Groups with so few words that they are kept for where they rhyme."""

    @property
    def rows(self) -> int:
        """N."""
        return len(self.tones)

    @property
    def length(self) -> int:
        """L."""
        return len(self.forced)


@dataclass(frozen=True)
class Drafts:
    """N sampled poems."""

    tokens: Tokens
    """[N, L]."""
    tops: Array
    """[N, L + 1, H]: the engine's hidden before each token, and before END."""
    groups: npt.NDArray[np.uint32]
    """[N]: the level groups that a draft's rhymes share, as bits."""
    rough: npt.NDArray[np.float64]
    """[N]: natural log of the chance to draw what was drawn, a by-product. It tells drafts of one frame apart almost as
    the likelihood does, which costs a product with the whole vocabulary."""

    def log_likelihoods(self, engine: Engine, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Natural log of the probability of each of `rows` under the unmasked model, END included."""
        targets = np.pad(self.tokens[rows], ((0, 0), (0, 1)), constant_values=END).reshape(-1)
        logits = engine.scores(self.tops[rows].reshape(len(targets), -1), slice(None))
        chosen = logits[np.arange(len(targets)), engine.column_of[targets]]
        likelihoods: npt.NDArray[np.float64] = (
            (chosen - log_normaliser(logits)).reshape(len(rows), -1).sum(axis=1, dtype=np.float64)
        )
        return likelihoods


class _Sampler:
    """The candidates of one poem as they grow."""

    def __init__(self, engine: Engine, lexicon: Lexicon, frame: Frame, known: Known, temperature: float) -> None:
        self._engine, self._lexicon, self._frame, self._known = engine, lexicon, frame, known
        self._temperature = np.float32(temperature)
        self._draw = fastest_draw()
        self.tokens = np.zeros((frame.rows, frame.length), np.int32)
        self.groups = np.full(frame.rows, frame.groups, np.uint32)
        self.log_chances = np.zeros((frame.rows, frame.length))

    def choose(self, position: int, top: Array, rng: np.random.Generator) -> None:
        """Draw the token of each row at `position`; `top`: [N, H]."""
        uniform = rng.random(self._frame.rows)
        wanted, shunned = self._rhymes(position)
        used = self._used(position)
        allowed = []
        for tones in (LEVEL_BIT, OBLIQUE_BIT, EITHER):
            rows = np.flatnonzero(self._frame.tones[:, position] == tones)
            if len(rows):
                columns = self._lexicon.slice_of(tones)
                logits, bias = self._engine.scores_and_bias(top[rows], columns)
                shifted = used[rows] - columns.start
                rules = Rules(bias, self._lexicon.rhymes[columns], wanted[rows], shunned[rows], shifted)
                self._note(position, rows, columns, self._draw(logits, rules, self._temperature, uniform[rows]))
                allowed.append((rows, columns, logits))
        self._redraw(position, allowed, rng)
        self._note_rhymes(position)

    def _rhymes(self, position: int) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
        """[N] each: the groups that `position` must rhyme in, and those that it leaves to the rhymes."""
        if not self._frame.groups:
            return np.zeros_like(self.groups), np.zeros_like(self.groups)
        rhyming = self._frame.rhyming[:, position]
        kept = self.groups & np.uint32(self._frame.scarce)
        return np.where(rhyming, self.groups, 0).astype(np.uint32), np.where(rhyming, 0, kept).astype(np.uint32)

    def _used(self, position: int) -> npt.NDArray[np.int64]:
        """[N, any]: the columns of every hanzi that stands in the poem or is bound to come, but for the last.

        That one alone may come again (疊字), unless it has come twice.
        """
        before = self.tokens[:, : max(position - 1, 0)]
        to_come = self._frame.forced[position:]
        to_come = to_come[to_come != FREE]
        tokens = np.hstack((before, np.broadcast_to(to_come, (self._frame.rows, len(to_come)))))
        columns: npt.NDArray[np.int64] = self._lexicon.column_of[tokens].astype(np.int64)
        return columns

    def _note(
        self,
        position: int,
        rows: npt.NDArray[np.int64],
        columns: slice,
        draw: tuple[Tokens, npt.NDArray[np.float64]],
    ) -> None:
        drawn, chances = draw
        self.tokens[rows, position] = self._lexicon.columns[columns][drawn]
        self.log_chances[rows, position] = np.log(chances)

    def _redraw(
        self,
        position: int,
        allowed: list[tuple[npt.NDArray[np.int64], slice, Array]],
        rng: np.random.Generator,
    ) -> None:
        """Where a line is complete and the corpus has it, draw its last character again without that one."""
        length = self._frame.line_length
        if position % (length + 1) != length - 1:
            return
        begin = position + 1 - length
        for _ in range(_MOST_REDRAWS):
            copied = self._known(self.tokens[:, begin : position + 1])
            if not copied.any():
                return
            uniform = rng.random(self._frame.rows)
            for rows, columns, logits in allowed:
                at = np.flatnonzero(copied[rows])
                column = self._lexicon.column_of[self.tokens[rows[at], position]] - columns.start
                logits[at, column] = FORBIDDEN
                at = at[np.isfinite(logits[at]).any(axis=1)]
                draw = sample(logits[at], self._temperature, uniform[rows[at]])
                self._note(position, rows[at], columns, draw)

    def _note_rhymes(self, position: int) -> None:
        rhyming = self._frame.rhyming[:, position]
        if self._frame.groups and rhyming.any():
            columns = self._lexicon.column_of[self.tokens[rhyming, position]]
            shared = self.groups[rhyming] & self._lexicon.rhymes[columns]
            self.groups[rhyming] = np.where(shared, shared, self.groups[rhyming])


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
    choice, and one more each time a line had to be completed anew.
    """
    sampler = _Sampler(engine, lexicon, frame, known, temperature)
    state = engine.step(np.full(1, START, np.int32), engine.start(1, [condition]))
    tops = np.empty((frame.length + 1, frame.rows, state.top.shape[1]), np.float32)
    for position, forced in enumerate(frame.forced):
        tops[position] = state.top
        if forced == FREE:
            if state.rows < frame.rows:
                state = state.repeated(frame.rows)
            sampler.choose(position, tops[position], rng)
        else:
            sampler.tokens[:, position] = forced
        state = engine.step(sampler.tokens[: state.rows, position], state)
    tops[-1] = state.top
    return Drafts(sampler.tokens, tops.swapaxes(0, 1), sampler.groups, sampler.log_chances.sum(axis=1))
