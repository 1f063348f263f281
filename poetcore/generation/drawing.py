"""Drawing one token for each candidate: what may not stand there is forbidden, then chance decides.

`decoding.c` does the same with the same random numbers, with the same result but for ties in the last digit.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from poetcore.generation.products import Array, Tokens

Bits = npt.NDArray[np.uint32]
"""Rhyme groups."""

FORBIDDEN: Final = np.float32(-np.inf)

_BLOCK: Final = 64


class Rules(NamedTuple):
    """What may stand at a position, besides what the logits say."""

    rhymes: Bits
    """[columns]: the groups of each."""
    wanted: int
    """Groups, as bits, of which a column must have one; 0: it need not rhyme."""
    shunned: int
    """Groups of which it must have none."""
    used: npt.NDArray[np.int64]
    """[rows, any]: columns of what stands in the poem or is bound to come; those outside are passed over."""
    reluctance: Array
    """[rows, any]: what is added to the logit of each for it; `FORBIDDEN`: not again unless nothing else is left."""


def forbid(logits: Array, rules: Rules) -> None:
    """Make `FORBIDDEN` of what `rules` forbid; `logits`: float32 [rows, columns]."""
    used = rules.used
    if rules.wanted:
        logits[:, rules.rhymes & np.uint32(rules.wanted) == 0] = FORBIDDEN
    logits[:, rules.rhymes & np.uint32(rules.shunned) != 0] = FORBIDDEN
    rhyming = logits.copy()
    row, place = np.nonzero((used >= 0) & (used < logits.shape[1]))
    np.add.at(logits, (row, used[row, place]), rules.reluctance[row, place])
    # In a vocabulary of a few characters there may be nothing left.
    spent = ~np.isfinite(logits).any(axis=1)
    logits[spent] = rhyming[spent]
    logits[~np.isfinite(logits).any(axis=1)] = 0


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
