"""Whether lines rhyme: level tones of one group of 平水韻."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, reduce
from operator import or_
from typing import Final

from poetcore.prosody.readings import LEVEL, LEVEL_GROUPS, rhyme_groups

NEIGHBOURS: Final = (
    "東冬",
    "支微齊",
    "魚虞",
    "佳灰",
    "真文元寒刪先",
    "蕭肴豪",
    "庚青蒸",
    "覃鹽咸",
    "江陽",
    "佳麻",
    "蒸侵",
)
"""Groups near enough that a first line may rhyme with its neighbour (首句借鄰韻), after Wang Li, 詩詞格律."""


@dataclass(frozen=True)
class Rhyme:
    """How the last characters of a poem's rhyming lines rhyme."""

    group: int | None
    """Index of the group that most of them share; None if none of them is level."""
    astray: tuple[int, ...]
    """Places, counted from 0 among those given, that have no reading in the group."""
    repeated: tuple[int, ...]
    """Places whose character stands at an earlier one too."""
    borrowed: bool
    """Whether the first rhymes with a neighbouring group only (借鄰韻)."""
    strict: bool
    """Whether every reading of every character is in the group and none is repeated."""

    @property
    def faults(self) -> int:
        """How many places are wrong."""
        return len(self.astray) + len(self.repeated)


def rhyme_of(characters: str, groups: Sequence[int], first_is_free: bool) -> Rhyme:
    """Judge rhyming `characters`, of which `groups` are the masks of groups.

    With `first_is_free` the first may be of a neighbouring group, as a poem's first line.
    """
    levels = [mask & LEVEL for mask in groups]
    repeated = tuple(place for place, char in enumerate(characters) if char in characters[:place])
    group = _shared(levels, groups, first_is_free)
    if group is None:
        return Rhyme(None, tuple(range(len(characters))), repeated, borrowed=False, strict=False)
    near = [_near(group) if first_is_free and place == 0 else 1 << group for place in range(len(levels))]
    astray = tuple(place for place, (mask, wanted) in enumerate(zip(levels, near, strict=True)) if not mask & wanted)
    strict = not repeated and all(mask and not mask & ~wanted for mask, wanted in zip(groups, near, strict=True))
    borrowed = 0 not in astray and not levels[0] >> group & 1
    return Rhyme(group, astray, repeated, borrowed, strict)


def common_oblique_group(groups: Sequence[int]) -> int | None:
    """The oblique group that characters of these masks share, if they do."""
    shared = -1
    for mask in groups:
        shared &= mask & ~LEVEL
    return _lowest(shared) if shared > 0 else None


def near_groups(mask: int) -> int:
    """The level groups of `mask` and their neighbours: with these a first line of `mask` may go."""
    return reduce(or_, (_near(group) for group in range(LEVEL_GROUPS) if mask >> group & 1), 0)


def _shared(levels: Sequence[int], groups: Sequence[int], first_is_free: bool) -> int | None:
    """The group of most places; among equals the one that fits the first, and that most places have alone."""
    every = 0
    shared = LEVEL
    for mask in levels[first_is_free:]:
        every |= mask
        shared &= mask
    if every == 0:
        return None
    # Nearly always one group is shared by all, and there is nothing to weigh.
    candidates = shared or every
    if candidates & (candidates - 1) == 0:
        return _lowest(candidates)
    return max(
        (group for group in range(LEVEL_GROUPS) if candidates >> group & 1),
        key=lambda group: (
            sum(mask >> group & 1 for mask in levels[first_is_free:]),
            levels[0] >> group & 1,
            bool(levels[0] & _near(group)),
            sum(mask == 1 << group for mask in groups),
            -group,
        ),
    )


@cache
def _near(group: int) -> int:
    """The mask of `group` and its neighbours."""
    name = rhyme_groups()[group].name
    near = {name, *(neighbour for names in NEIGHBOURS if name in names for neighbour in names)}
    return sum(1 << each.index for each in rhyme_groups() if each.name in near)


def _lowest(mask: int) -> int:
    return (mask & -mask).bit_length() - 1
