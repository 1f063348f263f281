"""Which tones a poem's characters shall have, where and in which group it rhymes: as often as poets chose them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

from poetcore.prosody import Form, Pattern, patterns, rhyme_groups
from poetcore.prosody.patterns import MASK_OF, accepted_patterns
from poetcore.prosody.readings import LEVEL, tone_bits

_Item = TypeVar("_Item")
_Ways = tuple[tuple[tuple[str, float], ...], ...]
"""Each line's ways with their weights."""

USAGE: Final = Path(__file__).with_name("usage.json")
"""How often poets used each pattern, rhyme group and way of a line; made by `python -m poetcore.generation.usage`."""


@dataclass(frozen=True)
class Template:
    """A pattern with one way chosen for each of its lines."""

    pattern: Pattern
    ways: tuple[str, ...]
    """A line's tones: 平 level, 仄 oblique, 中 either."""

    @property
    def tones(self) -> tuple[int, ...]:
        """The tones allowed at each hanzi of the poem, as bits: 1 level, 2 oblique, 3 either."""
        return tuple(MASK_OF[sign] for way in self.ways for sign in way)


@dataclass(frozen=True)
class Templates:
    """The templates that suit a poem best, and how likely each is taken."""

    _patterns: tuple[tuple[Pattern, float], ...]
    _ways: dict[str, _Ways]
    """Of each pattern, by name."""
    conflicts: int
    """How many given characters have no reading of the tone that these templates want: 0 unless none fits better."""

    @classmethod
    def fitting(cls, form: Form, given: Sequence[int | None]) -> "Templates":
        """Those of `form` that contradict the fewest of the `given` characters.

        `given`: for each hanzi of the poem its mask of rhyme groups (0 if unknown), None where the poet chooses.
        """
        length = form.line_length
        lines = [given[start : start + length] for start in range(0, form.hanzi, length)]
        found = [(pattern, *_held(pattern, lines)) for pattern in patterns(form)]
        if all(conflicts for _, conflicts, _ in found):
            # Nobody needs to write couplets of 對句相救, but readers' own words may be of one.
            found = [(pattern, *_held(pattern, lines)) for pattern in accepted_patterns(form)]
        fewest = min(conflicts for _, conflicts, _ in found)
        best: dict[str, tuple[Pattern, _Ways]] = {}
        for pattern, conflicts, ways in found:
            if conflicts == fewest:
                # The first of a name has the fewest such couplets.
                best.setdefault(pattern.name, (pattern, ways))
        weights = _usage()["patterns"][form.name]
        return cls(
            tuple((pattern, weights[name]) for name, (pattern, _) in best.items()),
            {name: ways for name, (_, ways) in best.items()},
            fewest,
        )

    @property
    def begin_rhyming(self) -> bool:
        """Whether the first line rhymes in every one of them."""
        return all(pattern.first_line_rhymes for pattern, _ in self._patterns)

    def drawn(self, uniform: npt.NDArray[np.float64]) -> Template:
        """One of them; `uniform`: 1 + lines numbers in [0, 1)."""
        pattern = _drawn(self._patterns, uniform[0])
        ways = (_drawn(ways, coin) for ways, coin in zip(self._ways[pattern.name], uniform[1:], strict=True))
        return Template(pattern, tuple(ways))


def _drawn(weighted: Sequence[tuple[_Item, float]], coin: float) -> _Item:
    """The item that `coin`, in [0, 1), falls on."""
    sums = list(accumulate(weight for _, weight in weighted))
    return next(item for (item, _), upto in zip(weighted, sums, strict=True) if coin * sums[-1] < upto)


def _held(pattern: Pattern, lines: Sequence[Sequence[int | None]]) -> tuple[int, _Ways]:
    """How many given characters contradict `pattern`, and the ways of its lines that leave it at that."""
    weights = _usage()["ways"]
    conflicts, ways = 0, []
    for line_type, line in zip(pattern.lines, lines, strict=True):
        counts = {way: _conflicts(way, line) for way in line_type.ways}
        fewest = min(counts.values())
        conflicts += fewest
        ways.append(tuple((way, weights[way]) for way, count in counts.items() if count == fewest))
    return conflicts, tuple(ways)


def _conflicts(way: str, line: Sequence[int | None]) -> int:
    return sum(
        mask is not None and not tone_bits(mask) & MASK_OF[sign] and sign != "中"
        for sign, mask in zip(way, line, strict=True)
    )


def shared_groups(masks: Sequence[int]) -> tuple[int, bool]:
    """The level groups that rhyming characters with these masks share, and whether that is all of them.

    Where they share none, the groups that most of them have.
    """
    levels = [mask & LEVEL for mask in masks]
    counts = [sum(mask >> group & 1 for mask in levels) for group in range(LEVEL.bit_length())]
    most = max(counts)
    shared = sum(1 << group for group, count in enumerate(counts) if count == most)
    return (shared if most else 0), most == len(masks)


def drawn_group(form: Form, groups: int, coin: float) -> int:
    """One of the level `groups`, bits of which some are set, as a bit; `coin`: in [0, 1)."""
    shares = _usage()["rhymes"][form.name]
    return _drawn(
        [(1 << group.index, shares[group.name]) for group in rhyme_groups() if groups >> group.index & 1], coin
    )


@cache
def _usage() -> dict[str, Any]:
    """`patterns`, `rhymes`: form → pattern, group → share; `ways`: way → share among those of its type."""
    return dict(json.loads(USAGE.read_text(encoding="utf-8")))
