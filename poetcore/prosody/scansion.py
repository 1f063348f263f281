"""Scansion: the form, tones and rhyme of any poem, with every problem named by line and position."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from poetcore.prosody import problems
from poetcore.prosody.forms import FORMS, Form
from poetcore.prosody.metre import LineFit, fit, sign, tones_of
from poetcore.prosody.patterns import Pattern, accepted_patterns, line_types
from poetcore.prosody.problems import Problem
from poetcore.prosody.readings import groups_of, rhyme_groups
from poetcore.prosody.rhyme import Rhyme, rhyme_of
from poetcore.prosody.text import is_hanzi, verse_lines

_FORM_OF: Final = {(form.lines, form.line_length): form for form in FORMS.values()}


@dataclass(frozen=True)
class Strict:
    """Tone and rhyme judged strictly: every reading of every character fits."""

    tone_ok: bool
    rhyme_ok: bool


@dataclass(frozen=True)
class Scansion:
    """What the rules say of one poem. Outside `strict` it is enough that some reading of a character fits."""

    text: str
    form: Form | None
    """None unless the text is four or eight lines of five or seven hanzi."""
    tone_ok: bool
    """Whether the tones fit `pattern`."""
    rhyme_ok: bool
    """Whether the rhyming lines end in one level group (the first may in a neighbouring one) and none repeats."""
    strict: Strict
    problems: tuple[Problem, ...]
    rhyme_group: str | None
    """The level group that most rhyming lines end in."""
    pattern: Pattern | None
    """The pattern with the fewest problems, of those that the form accepts."""
    lines: tuple[str, ...]
    tones: tuple[str, ...]
    """A sign a character: 平, 仄, 中 either, ？ unknown. A character with readings of both has the tone that fits."""
    wanted: tuple[str, ...]
    """A sign a character: what the pattern wants, 平, 仄 or 中 either; empty without a form."""

    @property
    def format_ok(self) -> bool:
        """Whether the text has a form."""
        return self.form is not None

    def as_dict(self) -> dict[str, Any]:
        """The keys that `poet scan --json` prints, in their order."""
        return {
            "text": self.text,
            "form": self.form.name if self.form else None,
            "format_ok": self.format_ok,
            "tone_ok": self.tone_ok,
            "rhyme_ok": self.rhyme_ok,
            "strict": asdict(self.strict),
            "problems": [asdict(problem) for problem in self.problems],
            "rhyme_group": self.rhyme_group,
            "pattern": self.pattern.name if self.pattern else None,
            "lines": list(self.lines),
            "tones": list(self.tones),
            "wanted": list(self.wanted),
        }


def scan(text: str) -> Scansion:
    """Scan a poem, in either script, whose lines are set off by punctuation, spaces or line breaks.

    Of the form's patterns the one with the fewest problems counts. Any string has a scansion; nothing is raised.
    """
    lines = verse_lines(text)
    groups = groups_of(lines)
    form = _form_of(lines)
    return _without_form(text, lines, groups) if form is None else _with_form(text, form, lines, groups)


def _form_of(lines: Sequence[str]) -> Form | None:
    form = _FORM_OF.get((len(lines), len(lines[0]))) if lines else None
    if form is None or any(len(line) != form.line_length or not all(map(is_hanzi, line)) for line in lines):
        return None
    return form


def _without_form(text: str, lines: tuple[str, ...], groups: Sequence[Sequence[int]]) -> Scansion:
    return Scansion(
        text=text,
        form=None,
        tone_ok=False,
        rhyme_ok=False,
        strict=Strict(tone_ok=False, rhyme_ok=False),
        problems=tuple(problems.of_format(lines)),
        rhyme_group=None,
        pattern=None,
        lines=lines,
        tones=tuple("".join(map(sign, masks)) for masks in groups),
        wanted=(),
    )


def _with_form(text: str, form: Form, lines: tuple[str, ...], groups: Sequence[Sequence[int]]) -> Scansion:
    types = line_types(form.line_length)
    fits = [fit(tones_of(masks), types) for masks in groups]
    rhymes = {first: _rhyme(lines, groups, first) for first in (False, True)}
    pattern = min(
        accepted_patterns(form), key=lambda pattern: _weight(pattern, fits, rhymes[pattern.first_line_rhymes])
    )
    rhyme = rhymes[pattern.first_line_rhymes]
    chosen = [fits[line][line_type.name] for line, line_type in enumerate(pattern.lines)]
    found = [
        *problems.of_tone(lines, groups, pattern, chosen),
        *problems.of_rhyme(lines, groups, pattern, rhyme),
    ]
    return Scansion(
        text=text,
        form=form,
        tone_ok=not any(line.wrong for line in chosen),
        rhyme_ok=rhyme.faults == 0,
        strict=Strict(tone_ok=all(line.strict for line in chosen), rhyme_ok=rhyme.strict),
        problems=tuple(sorted(found, key=lambda problem: (problem.line, problem.position))),
        rhyme_group=None if rhyme.group is None else rhyme_groups()[rhyme.group].name,
        pattern=pattern,
        lines=lines,
        tones=tuple("".join(map(sign, masks, line.way)) for masks, line in zip(groups, chosen, strict=True)),
        wanted=tuple(line.way for line in chosen),
    )


def _rhyme(lines: Sequence[str], groups: Sequence[Sequence[int]], first_line_rhymes: bool) -> Rhyme:
    places = [0] * first_line_rhymes + list(range(1, len(lines), 2))
    ends = "".join(lines[place][-1] for place in places)
    return rhyme_of(ends, [groups[place][-1] for place in places], first_is_free=first_line_rhymes)


def _weight(pattern: Pattern, fits: Sequence[Mapping[str, LineFit]], rhyme: Rhyme) -> tuple[int, int, bool, bool, bool]:
    """The less, the better the pattern: all problems, those of tone, no rhyme to begin with, then strictly judged."""
    held = [fits[line][line_type.name] for line, line_type in enumerate(pattern.lines)]
    faults = sum(line.faults for line in held)
    begins_rhyming = pattern.first_line_rhymes and not rhyme.borrowed
    strict = all(line.strict for line in held)
    return faults + rhyme.faults, faults, not begins_rhyming, not strict, not rhyme.strict
