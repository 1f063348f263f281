"""What a file takes over from the corpus: whole lines, and the longest run of hanzi. Exact, over every poem.

A run of hanzi is known by a 64-bit sum: Σ code(char at i) · B^i, divided by B^start, modulo 2^64. The codes are
scattered, so that two different runs share a sum once in 10^19; comparing 100,000 runs with 15 million errs in less
than one file of a million. Sums over the whole corpus, of any length, are differences of one cumulative sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from poetcore.corpus import PreparedCorpus
from poetcore.evaluation.scoreboard.verses import Verse
from poetcore.prosody.text import MARKS, is_hanzi

Sums = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int64]

# An odd number has an inverse modulo 2^64; this one is the golden ratio's.
_BASE: Final = 0x9E3779B97F4A7C15
_INVERSE: Final = pow(_BASE, -1, 2**64)
# Of 15 million sums looked for, a table of 16 million bits lets few through that are not there.
_FILTER_BITS: Final = 24


@dataclass(frozen=True)
class Run:
    """The hanzi of all poems end to end, ready to be summed."""

    sums: Sums
    """[N + 1], cumulative."""
    poems: Numbers
    """[N]: the poem that each hanzi belongs to, never falling."""
    begins: npt.NDArray[np.bool_]
    """[N + 1]: whether a line begins there; also at the end."""

    @classmethod
    def of(cls, codes: Sums, poems: Numbers, begins: npt.NDArray[np.bool_]) -> "Run":
        """`codes` [N] as `scattered` makes them."""
        powers = _powers(_BASE, len(codes))
        sums = np.zeros(len(codes) + 1, np.uint64)
        np.cumsum(codes * powers, out=sums[1:])
        return cls(sums, poems, begins)

    def windows(self, length: int) -> tuple[Sums, Numbers]:
        """The sums of all runs of `length` within a poem, and where each begins."""
        ends = self.poems[length - 1 :]
        starts = np.flatnonzero(self.poems[: len(ends)] == ends)
        return self._sums_at(starts, length), starts

    def lines(self, length: int) -> tuple[Sums, Numbers]:
        """As `windows`, of whole lines of `length` alone."""
        places = np.flatnonzero(self.begins)
        starts = places[:-1][np.diff(places) == length]
        return self._sums_at(starts, length), starts

    def _sums_at(self, starts: Numbers, length: int) -> Sums:
        sums: Sums = (self.sums[starts + length] - self.sums[starts]) * self._inverses[starts]
        return sums

    @cached_property
    def _inverses(self) -> Sums:
        """[N]: of the power of the base at each hanzi."""
        return _powers(_INVERSE, len(self.poems))


def corpus_run(corpus: PreparedCorpus) -> Run:
    """Every poem of every split."""
    codes = scattered(np.array([ord(char) for char in corpus.characters], np.uint64))
    hanzi = np.array([is_hanzi(char) for char in corpus.characters])
    mark = np.array([char in MARKS for char in corpus.characters])
    poems = np.repeat(np.arange(len(corpus.splits)), np.diff(corpus.offsets))
    kept = hanzi[corpus.ranks]
    begins = np.ones(int(kept.sum()) + 1, np.bool_)
    begins[1:-1] = np.diff(np.cumsum(mark[corpus.ranks])[kept]) != 0
    begins[1:-1] |= np.diff(poems[kept]) != 0
    return Run.of(codes[corpus.ranks[kept]], poems[kept], begins)


def verses_run(verses: Sequence[Verse]) -> Run:
    """The given poems."""
    lines = [(number, line) for number, verse in enumerate(verses) for line in verse.hanzi_lines]
    points = np.array([ord(char) for _, line in lines for char in line], np.uint64)
    lengths = np.array([len(line) for _, line in lines], np.int64)
    begins = np.zeros(len(points) + 1, np.bool_)
    begins[np.concatenate(([0], np.cumsum(lengths)))] = True
    poems = np.repeat(np.array([number for number, _ in lines], np.int64), lengths)
    return Run.of(scattered(points), poems, begins)


def scattered(points: Sums) -> Sums:
    """A 64-bit code for each code point (the finaliser of splitmix64)."""
    code = (points + np.uint64(1)) * np.uint64(_BASE)
    code = (code ^ (code >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    code = (code ^ (code >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return code ^ (code >> np.uint64(31))


def _powers(base: int, count: int) -> Sums:
    """[count]: base^0, base^1, …"""
    powers = np.full(count, base, np.uint64)
    powers[:1] = 1
    return np.multiply.accumulate(powers, out=powers)


def copying_figures(verses: Sequence[Verse], corpus: Run, from_corpus: bool = False) -> dict[str, Any]:
    """Copied lines and runs of `verses`.

    `from_corpus`: the verses stand in the corpus themselves, and only what another poem has too is copied.
    Figures: `copied_lines` and their share of `lines`, `longest_copied_run` in hanzi, `mean_copied_run` of the poems.
    """
    given = verses_run(verses)
    needed = 2 if from_corpus else 1
    lengths = np.unique(np.diff(np.flatnonzero(given.begins)))
    copied = sum(_copied_lines(given, corpus, int(length), needed) for length in lengths)
    lines = int(given.begins[:-1].sum())
    runs = longest_runs(given, corpus, needed, len(verses))
    return {
        "lines": lines,
        "copied_lines": copied,
        "copied_line_share": copied / lines if lines else None,
        "longest_copied_run": int(runs.max()),
        "mean_copied_run": float(runs.mean()),
    }


def longest_runs(given: Run, corpus: Run, needed: int, count: int) -> Numbers:
    """The longest run of each of `count` given poems that at least `needed` (1 or 2) poems of the corpus have.

    A poem that shares a run shares every shorter one. So the length doubles as long as any poem shares one, and is
    then halved into, which takes a few passes over the corpus for a copy of any length.
    """
    longest = np.zeros(count, np.int64)

    def narrow(poems: Numbers, shared: int, too_long: int) -> None:
        """`poems` share runs of length `shared` and none of `too_long`."""
        if not len(poems) or too_long - shared == 1:
            longest[poems] = shared
            return
        middle = (shared + too_long) // 2
        having = _having(poems, middle, given, corpus, needed)
        narrow(having, middle, too_long)
        narrow(np.setdiff1d(poems, having), shared, middle)

    poems, length = np.arange(count), 1
    while len(poems):
        having = _having(poems, length, given, corpus, needed)
        narrow(np.setdiff1d(poems, having), length // 2, length)
        poems, length = having, 2 * length
    return longest


def _having(poems: Numbers, length: int, given: Run, corpus: Run, needed: int) -> Numbers:
    """Those of the given `poems` that share a run of `length` with at least `needed` of the corpus, sorted."""
    sums, starts = given.windows(length)
    asked = np.isin(given.poems[starts], poems)
    sums, starts = sums[asked], starts[asked]
    if not len(sums):
        return starts
    wanted = np.unique(sums)
    found = wanted[_poems_with(wanted, *corpus.windows(length), corpus.poems) >= needed]
    return np.unique(given.poems[starts[np.isin(sums, found)]])


def _copied_lines(given: Run, corpus: Run, length: int, needed: int) -> int:
    sums, _ = given.lines(length)
    wanted, times = np.unique(sums, return_counts=True)
    return int(times[_poems_with(wanted, *corpus.lines(length), corpus.poems) >= needed].sum())


def _poems_with(wanted: Sums, sums: Sums, starts: Numbers, poems: Numbers) -> Numbers:
    """How many different poems have each of the sorted sums `wanted`: 0, 1, or 2 for more than one."""
    shift = np.uint64(64 - _FILTER_BITS)
    likely = np.zeros(1 << _FILTER_BITS, np.bool_)
    likely[wanted >> shift] = True
    passed = likely[sums >> shift]
    sums, owners = sums[passed], poems[starts[passed]]
    place = np.searchsorted(wanted, sums)
    hit = place < len(wanted)
    hit[hit] = wanted[place[hit]] == sums[hit]
    place, owners = place[hit], owners[hit]
    first = np.full(len(wanted), np.iinfo(np.int64).max)
    last = np.full(len(wanted), -1)
    np.minimum.at(first, place, owners)
    np.maximum.at(last, place, owners)
    return (last >= 0).astype(np.int64) + (last > first)
