"""Poems as the scoreboard looks at them: lines of hanzi in traditional script, scanned."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from poetcore.evaluation.jsonl import PoemRecord
from poetcore.prosody import Form, Scansion, is_simplified, scan
from poetcore.prosody.text import is_hanzi, verse_lines
from poetcore.script import to_traditional


@dataclass(frozen=True)
class Verse:
    """One poem of any system."""

    text: str
    """As it was given."""
    title: str | None
    """In traditional script."""
    simplified: bool
    """Whether the text was given in simplified script."""
    lines: tuple[str, ...]
    """In traditional script: what stands in each line, hanzi or not."""

    @classmethod
    def of(cls, text: str, title: str | None = None) -> "Verse":
        """Any string is fine."""
        simplified = is_simplified(verse_lines(text))
        if title and (simplified or is_simplified([title])):
            title = to_traditional(title)
        return cls(text, title, simplified, verse_lines(to_traditional(text) if simplified else text))

    @cached_property
    def scansion(self) -> Scansion:
        """As `poet scan` judges the given text."""
        return scan(self.text)

    @property
    def text_in_traditional(self) -> str:
        """The text, marks and all."""
        return to_traditional(self.text) if self.simplified else self.text

    @property
    def form(self) -> Form | None:
        """One of the four forms, or None."""
        return self.scansion.form

    @cached_property
    def hanzi_lines(self) -> tuple[str, ...]:
        """The hanzi of each line that has any."""
        lines = ("".join(filter(is_hanzi, line)) for line in self.lines)
        return tuple(line for line in lines if line)

    @property
    def hanzi(self) -> str:
        """All hanzi."""
        return "".join(self.hanzi_lines)


def verses_of(records: Iterable[PoemRecord]) -> list[Verse]:
    """The poems of a file."""
    return [Verse.of(record.text, record.title) for record in records]


def spread(verses: Sequence[Verse], most: int) -> list[Verse]:
    """At most `most` of `verses`, evenly spread."""
    if len(verses) <= most:
        return list(verses)
    return [verses[number * len(verses) // most] for number in range(most)]


def by_form(verses: Iterable[Verse]) -> dict[str, list[Verse]]:
    """The verses of each of the four forms that occurs; the others are left out."""
    groups: dict[str, list[Verse]] = {}
    for verse in verses:
        if verse.form is not None:
            groups.setdefault(verse.form.name, []).append(verse)
    return groups
