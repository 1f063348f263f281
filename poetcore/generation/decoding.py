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
from poetcore.generation.engine import UNTOLD, Array, Condition, Engine, Tokens, log_normaliser
from poetcore.generation.lexicon import EITHER, Lexicon
from poetcore.prosody.readings import LEVEL_BIT, OBLIQUE_BIT

FORBIDDEN: Final = np.float32(-np.inf)
FREE: Final = -1
"""In `Frame.forced`: a position of the poet's choice."""

Known = Callable[[Tokens], npt.NDArray[np.bool_]]
"""`known(lines)`: which of these lines, [n, length], stand in the corpus."""

# A last character that would complete a line of the corpus is drawn again so often; the corpus has few lines that
# differ in their last character alone.
_MOST_REDRAWS: Final = 64

_BLOCK: Final = 64


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
        self.tokens = np.zeros((frame.rows, frame.length), np.int32)
        self.groups = np.full(frame.rows, frame.groups, np.uint32)
        self.log_chances = np.zeros((frame.rows, frame.length))

    def choose(self, position: int, top: Array, rng: np.random.Generator) -> None:
        """Draw the token of each row at `position`; `top`: [N, H]."""
        uniform = rng.random(self._frame.rows)
        allowed = []
        for tones in (LEVEL_BIT, OBLIQUE_BIT, EITHER):
            rows = np.flatnonzero(self._frame.tones[:, position] == tones)
            if len(rows):
                columns = self._lexicon.slice_of(tones)
                allowed.append((rows, columns, self._allowed(position, rows, columns, top[rows])))
        for rows, columns, logits in allowed:
            self._draw(position, rows, columns, logits, uniform[rows])
        self._redraw(position, allowed, rng)
        self._note_rhymes(position)

    def _allowed(self, position: int, rows: npt.NDArray[np.int64], columns: slice, top: Array) -> Array:
        """Logits of `columns`, `FORBIDDEN` where a character repeats, or does not rhyme where it must."""
        logits = self._engine.scores(top, columns)
        if self._frame.groups:
            groups = self._lexicon.rhymes[columns]
            for row, own in enumerate(rows):
                if self._frame.rhyming[own, position]:
                    logits[row, groups & self.groups[own] == 0] = FORBIDDEN
                elif kept := self.groups[own] & self._frame.scarce:
                    logits[row, groups & kept != 0] = FORBIDDEN
        fresh = logits.copy()
        self._forbid_repetition(position, rows, columns, fresh)
        # In a vocabulary of a few characters there may be nothing left that is fresh.
        spent = ~np.isfinite(fresh).any(axis=1)
        fresh[spent] = logits[spent]
        dead = ~np.isfinite(fresh).any(axis=1)
        fresh[dead] = 0
        return fresh

    def _forbid_repetition(self, position: int, rows: npt.NDArray[np.int64], columns: slice, logits: Array) -> None:
        """Forbid every hanzi that stands in the poem or is bound to come, but for the last.

        That one alone may come again (疊字), unless it has come twice.
        """
        before = self.tokens[rows, : max(position - 1, 0)]
        to_come = self._frame.forced[position:]
        to_come = np.broadcast_to(to_come[to_come != FREE], (len(rows), int((to_come != FREE).sum())))
        used = self._lexicon.column_of[np.hstack((before, to_come))] - columns.start
        row, place = np.nonzero((used >= 0) & (used < logits.shape[1]))
        logits[row, used[row, place]] = FORBIDDEN

    def _draw(
        self,
        position: int,
        rows: npt.NDArray[np.int64],
        columns: slice,
        logits: Array,
        uniform: npt.NDArray[np.float64],
    ) -> None:
        drawn, chances = sample(logits, self._temperature, uniform)
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
                self._draw(position, rows[at], columns, logits[at], uniform[rows[at]])

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


def sample(
    logits: Array, temperature: np.float32, uniform: npt.NDArray[np.float64]
) -> tuple[Tokens, npt.NDArray[np.float64]]:
    """Draw one column a row by inverting the cumulative distribution; with the chance that it had.

    `logits`: float32 [rows, columns], `FORBIDDEN` where a column must not be drawn; each row must allow one.
    `uniform`: [rows] in [0, 1). Returns int32 [rows] and float64 [rows].
    """
    rows, columns = logits.shape
    blocks = -(-columns // _BLOCK)
    # Sums of blocks first: to add up 16 rows of 4,000 columns one by one takes five times as long.
    weights = np.zeros((rows, blocks * _BLOCK), np.float32)
    # The largest allowed logit becomes 0 before exp, so at least one weight is 1 at any temperature.
    np.exp((logits - logits.max(axis=1, keepdims=True)) / temperature, out=weights[:, :columns])
    in_blocks = weights.reshape(rows, blocks, _BLOCK)
    block, rest = _inverted(in_blocks.sum(axis=2), uniform)
    place, _ = _inverted(in_blocks[np.arange(rows), block], rest)
    drawn = block * _BLOCK + place
    chances = weights[np.arange(rows), drawn] / in_blocks.sum(axis=(1, 2), dtype=np.float64)
    return drawn.astype(np.int32), chances


def _inverted(
    weights: Array, uniform: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """The column of each row where the sum of `weights` [rows, columns] passes its share `uniform` of the whole.

    With it, how far into that column's weight the share reaches, in [0, 1). A column without weight is never met.
    """
    rows = np.arange(len(weights))
    ends = np.cumsum(weights, axis=1, dtype=np.float64)
    targets = np.minimum(uniform * ends[:, -1], np.nextafter(ends[:, -1], 0))
    column = (ends <= targets[:, None]).sum(axis=1)
    own = weights[rows, column].astype(np.float64)
    rest = (targets - (ends[rows, column] - own)) / own
    return column, np.clip(rest, 0, np.nextafter(1, 0))
