"""Form, tone, rhyme, and characters that come twice: what can be seen in each poem alone."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from poetcore.evaluation.scoreboard.verses import Verse
from poetcore.prosody import Scansion

_LENIENT: Final[dict[str, Callable[[Scansion], bool]]] = {
    "format_ok": lambda poem: poem.format_ok,
    "tone_ok": lambda poem: poem.tone_ok,
    "rhyme_ok": lambda poem: poem.rhyme_ok,
    "all_three": lambda poem: poem.format_ok and poem.tone_ok and poem.rhyme_ok,
}
_STRICT: Final[dict[str, Callable[[Scansion], bool]]] = {
    "tone_ok": lambda poem: poem.strict.tone_ok,
    "rhyme_ok": lambda poem: poem.strict.rhyme_ok,
    "all_three": lambda poem: poem.format_ok and poem.strict.tone_ok and poem.strict.rhyme_ok,
}


def metre_figures(verses: Sequence[Verse]) -> dict[str, Any]:
    """The shares of all `verses` (at least one) that keep the rules, as `poet scan` judges, leniently and strictly."""
    scans = [verse.scansion for verse in verses]
    return {
        **{name: _share(scans, holds) for name, holds in _LENIENT.items()},
        "strict": {name: _share(scans, holds) for name, holds in _STRICT.items()},
    }


def repetition_figures(verses: Sequence[Verse]) -> dict[str, Any]:
    """How often a hanzi comes again in its poem, 疊字 (at once, within a line) not counted.

    `repeating_poems`: the share of poems where one does; `repeated_hanzi`: the share of all hanzi that do, None
    where there is no hanzi.
    """
    repeats = [_repeats(verse.hanzi_lines) for verse in verses]
    hanzi = sum(len(verse.hanzi) for verse in verses)
    return {
        "repeating_poems": sum(map(bool, repeats)) / len(verses),
        "repeated_hanzi": sum(repeats) / hanzi if hanzi else None,
    }


def _repeats(lines: Sequence[str]) -> int:
    seen: set[str] = set()
    repeats = 0
    for line in lines:
        before = ""
        for char in line:
            repeats += char in seen and char != before
            seen.add(char)
            before = char
    return repeats


def _share(scans: Sequence[Scansion], holds: Callable[[Scansion], bool]) -> float:
    return sum(map(holds, scans)) / len(scans)
