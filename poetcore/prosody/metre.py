"""How the tones of lines fit a pattern."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from poetcore.prosody.patterns import LineType
from poetcore.prosody.readings import LEVEL, LEVEL_GROUPS


@dataclass(frozen=True)
class LineTones:
    """The tones that a line can have; bit k stands for position k."""

    level: int
    oblique: int


@dataclass(frozen=True)
class LineFit:
    """A line held against a type of line, in the way that leaves the fewest positions wrong."""

    way: str
    wrong: int
    """Bit k: position k has no reading of the tone that the way wants."""
    faults: int
    """How many positions are wrong."""
    strict: bool
    """Whether there is a way that every reading of every character fits."""


def sign(mask: int, wanted: str = "中") -> str:
    """平 or 仄, or `wanted` for a mask of groups of both; ？ for an unknown character."""
    level, oblique = mask & LEVEL, mask >> LEVEL_GROUPS
    return wanted if level and oblique else "平" if level else "仄" if oblique else "？"


def tones_of(groups: Sequence[int]) -> LineTones:
    """The tones of a line whose characters have these masks of groups."""
    level = oblique = 0
    for position, mask in enumerate(groups):
        if mask & LEVEL:
            level |= 1 << position
        if mask >> LEVEL_GROUPS:
            oblique |= 1 << position
    return LineTones(level, oblique)


def fit(tones: LineTones, types: Mapping[str, LineType]) -> dict[str, LineFit]:
    """Hold one line against each of `types`, by name."""
    return {name: _fit(tones, line_type) for name, line_type in types.items()}


def _fit(tones: LineTones, line_type: LineType) -> LineFit:
    level, oblique = tones.level, tones.oblique
    faults, number, wrong = min(
        ((missing := must_level & ~level | must_oblique & ~oblique).bit_count(), number, missing)
        for number, (must_level, must_oblique) in enumerate(line_type.needs)
    )
    strict = faults == 0 and any(
        not (must_level & (~level | oblique) | must_oblique & (~oblique | level))
        for must_level, must_oblique in line_type.needs
    )
    return LineFit(line_type.ways[number], wrong, faults, strict)
