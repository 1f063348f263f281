"""How characters are read: the four tones and the 106 rhyme groups of 平水韻."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property, reduce
from operator import or_
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from poetcore.errors import RequestError

LEVEL_BIT: Final = 1
OBLIQUE_BIT: Final = 2
LEVEL_GROUPS: Final = 30
"""The first groups are those of the level tone."""
LEVEL: Final = (1 << LEVEL_GROUPS) - 1
"""The level groups in a mask of groups, of which bit k stands for `rhyme_groups()[k]`."""

_NUMERALS: Final = "一二三四五六七八九十"


@dataclass(frozen=True)
class RhymeGroup:
    """A group 韻部: syllables of one tone that rhyme. A reading of a character is the group that it is in."""

    index: int
    """Its place among the 106, from 0; the 30 level groups come first."""
    name: str
    tone: str
    """平, 上, 去 or 入."""

    @property
    def level(self) -> bool:
        """Whether its tone is level 平; the other three are oblique 仄."""
        return self.index < LEVEL_GROUPS


@dataclass(frozen=True)
class Sounds:
    """Tones and level groups of many characters, to index and mask with."""

    tones: npt.NDArray[np.uint8]
    """(N,) bits: 1 level, 2 oblique, 3 either, 0 unknown."""
    rhymes: npt.NDArray[np.uint32]
    """(N,) bits: 1 << k for the level group `rhyme_groups()[k]`."""


def readings(char: str) -> tuple[RhymeGroup, ...]:
    """Every reading of one character, level ones first; none if it is unknown.

    平水韻 counts where it has the character, else 廣韻, else the character that it is another way to write. So a
    simplified character has the readings of all its traditional ones, unless traditional texts write it too: 几 is
    the table here, and `scan` takes it for 幾 too when the text around it is simplified.
    """
    mask = tables().groups.get(char, 0)
    return tuple(group for group in rhyme_groups() if mask >> group.index & 1)


def rhyme_groups() -> tuple[RhymeGroup, ...]:
    """The 106 groups in the order of the book: 30 level 平, 29 上, 30 去, 17 入."""
    return tables().rhyme_groups


def rhyme_group_named(name: str) -> RhymeGroup:
    """The group called `name`: 東, 一東 or 上平聲一東, in traditional or simplified script.

    Raises `RequestError` if there is none.
    """
    short = name.strip()[-1:]
    before = name.strip()[:-1].rpartition("聲")[2].rpartition("声")[2]
    names = {short, *tables().simplified.get(short, "")}
    found = [group for group in rhyme_groups() if group.name in names]
    if len(found) != 1 or before.strip(_NUMERALS):
        level = "".join(group.name for group in rhyme_groups() if group.level)
        raise RequestError(f"no rhyme group is called {name!r}; those of the level tone are {level}")
    return found[0]


def sounds_of(characters: Sequence[str]) -> Sounds:
    """Tones and level groups of each of `characters`; a vocabulary of 10,000 takes a few milliseconds."""
    groups = tables().groups
    masks = [groups.get(char, 0) for char in characters]
    return Sounds(
        tones=np.array([tone_bits(mask) for mask in masks], dtype=np.uint8),
        rhymes=np.array([mask & LEVEL for mask in masks], dtype=np.uint32),
    )


def groups_of(lines: Sequence[str]) -> list[list[int]]:
    """The mask of groups of every character of one poem's lines, 0 if unknown.

    In a simplified text a character may stand for itself and for every traditional one that it simplifies.
    """
    found = tables()
    if not is_simplified(lines):
        return [[found.groups.get(char, 0) for char in line] for line in lines]
    masks = {
        char: reduce(or_, map(found.mask, found.simplified.get(char, "")), found.mask(char))
        for char in set().union(*lines)
    }
    return [[masks[char] for char in line] for line in lines]


def is_simplified(lines: Sequence[str]) -> bool:
    """Whether more characters of `lines` are such as only simplified texts write than such as only traditional ones."""
    return _simplified_lead(lines) > 0


def is_traditional(lines: Sequence[str]) -> bool:
    """Whether more characters of `lines` are such as only traditional texts write than such as only simplified ones."""
    return _simplified_lead(lines) < 0


def _simplified_lead(lines: Sequence[str]) -> int:
    characters = set().union(*lines)
    return len(characters & tables().simplified_only) - len(characters & tables().traditional_only)


def tone_bits(mask: int) -> int:
    """LEVEL_BIT, OBLIQUE_BIT, both or neither: the tones of a mask of groups."""
    return (LEVEL_BIT if mask & LEVEL else 0) | (OBLIQUE_BIT if mask >> LEVEL_GROUPS else 0)


@dataclass(frozen=True)
class Tables:
    """What `tones.tsv` and `simplified.tsv` hold, 7 ms after the first call that wants it."""

    rhyme_groups: tuple[RhymeGroup, ...]
    groups: dict[str, int]
    """Of each character, the mask of its groups."""
    simplified: dict[str, str]
    """Of each simplified character, the traditional ones that it stands for."""
    simplified_only: frozenset[str]
    """Characters that no traditional text writes."""

    def mask(self, char: str) -> int:
        """The mask of groups of one character, 0 if it is unknown."""
        return self.groups.get(char, 0)

    @cached_property
    def traditional_only(self) -> frozenset[str]:
        """Characters that no simplified text writes."""
        return frozenset("".join(self.simplified.values())) - self.simplified.keys()


@cache
def tables() -> Tables:
    """The tables that ship with this package; `derive.py` says where they come from."""
    groups: dict[str, int] = {}
    rhyme_groups = []
    variants: set[str] = set()
    for index, (tone, name, *columns) in enumerate(rows("tones.tsv")):
        rhyme_groups.append(RhymeGroup(index, name, tone))
        for char in "".join(columns):
            groups[char] = groups.get(char, 0) | 1 << index
        variants.update(columns[-1])
    simplified = dict(rows("simplified.tsv"))
    return Tables(tuple(rhyme_groups), groups, simplified, frozenset(variants & simplified.keys()))


def rows(name: str) -> list[list[str]]:
    """The fields of each line of a table of this package, without its comments."""
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.split("\n") if line and not line.startswith("#")]
