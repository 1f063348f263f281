"""The tone patterns of regulated verse: which tones a line may have, and which lines a poem is made of.

A pattern is written with 平 level, 仄 oblique and 中 either.
"""

from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import combinations
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from poetcore.prosody.forms import Form

MASK_OF: Final = {"平": 1, "仄": 2, "中": 3}
"""The tones that each sign allows, as bits: 1 level, 2 oblique."""


@dataclass(frozen=True)
class LineType:
    """A kind of line: the tones of its positions, in one or two ways."""

    name: str
    """甲 乙 丙 丁, or 甲拗 乙救 for the couplet whose second line makes up for the first."""
    ways: tuple[str, ...]
    """A line is of this type if it fits one of these."""

    @property
    def rhymes(self) -> bool:
        """Whether it ends in a level tone, as rhyming lines do."""
        return self.ways[0].endswith("平")

    @cached_property
    def masks(self) -> npt.NDArray[np.uint8]:
        """(ways, line length) bits of the tones allowed: 1 level, 2 oblique, 3 either."""
        return np.array([[MASK_OF[sign] for sign in way] for way in self.ways], dtype=np.uint8)

    @cached_property
    def needs(self) -> tuple[tuple[int, int], ...]:
        """Of each way, the positions that must be level and those that must be oblique; bit k is position k."""
        return tuple((_positions(way, "平"), _positions(way, "仄")) for way in self.ways)


@dataclass(frozen=True)
class Pattern:
    """The lines of a whole poem, which stand opposed within couplets (對) and adhere between them (粘)."""

    opening: Literal["平起", "仄起"]
    """The tone of the first line's second character."""
    first_line_rhymes: bool
    lines: tuple[LineType, ...]

    @property
    def name(self) -> str:
        """Such as 仄起首句不入韻."""
        return self.opening + ("首句入韻" if self.first_line_rhymes else "首句不入韻")

    @cached_property
    def rhyming_lines(self) -> tuple[int, ...]:
        """The lines that rhyme, counted from 0."""
        return tuple(number for number, line in enumerate(self.lines) if line.rhymes)


# 甲 is free at 1 and 3. 乙 with an oblique first has the level third that saves it from 孤平. 丙 may swap its third and
# fourth (特拗). 丁 is free at its first only: a level third would make 三平尾.
_FIVE: Final = {
    "甲": ("中仄中平仄",),
    "乙": ("平平中仄平", "仄平平仄平"),
    "丙": ("中平平仄仄", "中平仄平仄"),
    "丁": ("中仄仄平平",),
    # 大拗 and its cure 對句相救: 野火燒不盡 春風吹又生.
    "甲拗": ("中仄中仄仄",),
    "乙救": ("中平平仄平",),
}
_PARTNER: Final = {"甲": "乙", "丙": "丁", "甲拗": "乙救"}


@cache
def line_types(line_length: int) -> dict[str, LineType]:
    """The types of lines of five or seven syllables by name.

    A line of seven is one of five after two syllables, of which the second is opposed to the second of the five and
    the first is free.
    """
    if line_length == 5:
        return {name: LineType(name, ways) for name, ways in _FIVE.items()}
    before = {"平": "中仄", "仄": "中平"}
    return {name: LineType(name, tuple(before[way[1]] + way for way in ways)) for name, ways in _FIVE.items()}


@cache
def patterns(form: Form) -> tuple[Pattern, ...]:
    """The four patterns of `form`: 平起 or 仄起, the first line rhymed or not.

    Every choice of one way a line makes a poem that scans. The couplets that 對句相救 makes good (甲拗 乙救) are not
    among them: `scan` accepts those, but nobody needs to write them.
    """
    types = line_types(form.line_length)
    found = []
    for first in ("甲", "丙"):
        odd = [first if couplet % 2 == 0 else _other(first) for couplet in range(form.lines // 2)]
        names = [name for line in odd for name in (line, _PARTNER[line])]
        # A first line that rhymes changes its ending, and with it its type, but not its second character.
        for rhymed, opening in ((False, names[0]), (True, _PARTNER[_other(names[0])])):
            lines = (types[opening], *(types[name] for name in names[1:]))
            found.append(Pattern(_opening(lines[0]), rhymed, lines))
    return tuple(found)


@cache
def accepted_patterns(form: Form) -> tuple[Pattern, ...]:
    """`patterns(form)`, then each of them with couplets of 甲 and 乙 replaced by 甲拗 and 乙救, in every choice."""
    return tuple(
        _rescued(pattern, couplets)
        for count in range(form.lines // 4 + 1)
        for pattern in patterns(form)
        for couplets in combinations((line for line in range(form.lines) if pattern.lines[line].name == "甲"), count)
    )


def _rescued(pattern: Pattern, couplets: tuple[int, ...]) -> Pattern:
    """`pattern` with the couplets that begin at lines `couplets`, of 甲 and 乙, made 甲拗 and 乙救."""
    types = line_types(len(pattern.lines[0].ways[0]))
    lines = list(pattern.lines)
    for line in couplets:
        lines[line : line + 2] = types["甲拗"], types["乙救"]
    return replace(pattern, lines=tuple(lines))


def _other(odd: str) -> str:
    return "丙" if odd == "甲" else "甲"


def _opening(line: LineType) -> Literal["平起", "仄起"]:
    return "平起" if line.ways[0][1] == "平" else "仄起"


def _positions(way: str, sign: str) -> int:
    return sum(1 << position for position, found in enumerate(way) if found == sign)
