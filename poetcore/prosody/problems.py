"""What is wrong with a poem, in words."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from poetcore.prosody.metre import LineFit
from poetcore.prosody.patterns import Pattern
from poetcore.prosody.readings import rhyme_groups
from poetcore.prosody.rhyme import Rhyme, common_oblique_group
from poetcore.prosody.text import is_hanzi


@dataclass(frozen=True)
class Problem:
    """Something that the rules do not allow."""

    line: int
    """Counted from 1."""
    position: int
    """Counted from 1."""
    rule: str
    """format, unknown, tone, opposition, adhesion, lone_level, three_level, three_oblique, rhyme or repeated_rhyme."""
    message: str
    """One sentence."""


def of_format(lines: Sequence[str]) -> Iterator[Problem]:
    """Why `lines` are of no form: never more problems than eight, however long the text."""
    if len(lines) not in (4, 8):
        found = "The text has no line" if not lines else f"The poem has {len(lines)} line{'s' * (len(lines) > 1)}"
        yield Problem(max(1, len(lines)), 1, "format", f"{found} where regulated verse has 4 or 8.")
        return
    wanted = _usual_length(lines)
    for number, line in enumerate(lines, 1):
        foreign = next((place for place, char in enumerate(line) if not is_hanzi(char)), None)
        if foreign is not None:
            message = f"{_shown(line[foreign])} is no hanzi (U+4E00 to U+9FFF)."
            yield Problem(number, foreign + 1, "format", message)
        elif len(line) != wanted:
            message = f"The line has {len(line)} hanzi instead of {wanted}."
            yield Problem(number, min(len(line), wanted + 1), "format", message)


def of_tone(
    lines: Sequence[str], groups: Sequence[Sequence[int]], pattern: Pattern, fits: Sequence[LineFit]
) -> Iterator[Problem]:
    """Every position whose character has no reading of the tone that `pattern` wants there.

    `groups` has a mask of groups a character, `fits` the way of its type that each line is held against.
    """
    for number, (line, fit) in enumerate(zip(lines, fits, strict=True)):
        for position, char in enumerate(line):
            if not fit.wrong >> position & 1:
                continue
            if not groups[number][position]:
                yield Problem(number + 1, position + 1, "unknown", f"No reading of {char} is known.")
                continue
            rule, reason = _broken_rule(number, position, pattern, fits)
            has, wants = ("oblique", "a level") if fit.way[position] == "平" else ("level", "an oblique")
            message = f"{char} is {has} where the pattern wants {wants} tone{reason}."
            yield Problem(number + 1, position + 1, rule, message)


def of_rhyme(
    lines: Sequence[str], groups: Sequence[Sequence[int]], pattern: Pattern, rhyme: Rhyme
) -> Iterator[Problem]:
    """The rhyming characters that do not rhyme, or do so twice; `groups` has a mask of groups a character."""
    places = pattern.rhyming_lines
    ends = [lines[place][-1] for place in places]
    for place in rhyme.astray:
        reason = _why_no_rhyme(rhyme, [groups[line][-1] for line in places])
        yield Problem(places[place] + 1, len(lines[0]), "rhyme", f"{ends[place]} {reason}.")
    for place in rhyme.repeated:
        before = places[ends.index(ends[place])] + 1
        message = f"{ends[place]} is the rhyme of line {before} already."
        yield Problem(places[place] + 1, len(lines[0]), "repeated_rhyme", message)


def _why_no_rhyme(rhyme: Rhyme, groups: Sequence[int]) -> str:
    if rhyme.group is not None:
        return f"is not of rhyme group {rhyme_groups()[rhyme.group].name}"
    oblique = common_oblique_group(groups)
    if oblique is not None:
        return f"is of the oblique group {rhyme_groups()[oblique].name}, and regulated verse rhymes in level tones"
    return "has no level tone to rhyme in"


def _broken_rule(line: int, position: int, pattern: Pattern, fits: Sequence[LineFit]) -> tuple[str, str]:
    """The rule that a wrong tone breaks, and how to say so; `line` and `position` count from 0."""
    fit, kind = fits[line], pattern.lines[line].name
    if position == 1 and line and not fits[line - 1].wrong >> 1 & 1:
        if line % 2:
            return "opposition", f": it should be opposed to line {line} (失對)"
        return "adhesion", f": it should go with line {line} (失粘)"
    from_end = len(fit.way) - position
    if kind == "乙" and from_end == 5 and fit.wrong == 1 << position:
        return "lone_level", ", or the line has a lone level before its rhyme (孤平)"
    if kind == "丁" and from_end == 3:
        return "three_level", ": the line would end in three level tones (三平尾)"
    if kind == "丙" and from_end == 3:
        return "three_oblique", ": the line would end in three oblique tones (三仄尾)"
    return "tone", ""


def _usual_length(lines: Sequence[str]) -> int:
    """Five or seven, whichever more lines have; five if neither."""
    lengths = Counter(len(line) for line in lines)
    return 7 if lengths[7] > lengths[5] else 5


def _shown(char: str) -> str:
    return char if char.isprintable() else f"U+{ord(char):04X}"
