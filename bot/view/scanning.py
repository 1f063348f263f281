"""A poem's scansion for readers: each line with its tones below it, the rhymes marked, the problems named."""

from html import escape
from typing import Final

from bot.view.keyboards import in_script
from bot.view.messages import Html, Say
from poetcore.prosody import Problem, Scansion
from poetcore.script import Script

# Marks of old manuals: an open circle is level, a full one oblique, a half one either.
_SIGNS: Final = {"平": "○", "仄": "●", "中": "◐", "？": "？"}
_RHYME: Final = "◎"


def scan_message(scansion: Scansion, script: Script, say: Say) -> Html:
    """The scansion of a poem in traditional script as Telegram's HTML."""
    parts = [
        _heading(scansion, script, say),
        _table(scansion, script),
        say("scan-legend"),
        _verdict(scansion, script, say),
    ]
    return Html("\n\n".join(parts))


def _heading(scansion: Scansion, script: Script, say: Say) -> str:
    if scansion.form is None or scansion.pattern is None:
        return say("scan-no-form")
    key = "scan-first-rhymes" if scansion.pattern.first_line_rhymes else "scan-first-open"
    known = [scansion.form.name, scansion.pattern.opening]
    rhyme = [f"{scansion.rhyme_group}韻"] if scansion.rhyme_group else []
    names = [*(in_script(name, script) for name in known), say(key), *(in_script(name, script) for name in rhyme)]
    return f"<b>{' · '.join(names)}</b>"


def _table(scansion: Scansion, script: Script) -> str:
    """Each line with its signs below it, a couplet at a time; signs are as wide as characters."""
    wrong = {(problem.line, problem.position) for problem in scansion.problems}
    rows = []
    for number, (line, tones) in enumerate(zip(scansion.lines, scansion.tones, strict=True), 1):
        signs = [_SIGNS[tone] for tone in tones]
        if _rhymes(scansion, number):
            signs[-1] = _RHYME
        marked = [f"<u>{sign}</u>" if (number, place) in wrong else sign for place, sign in enumerate(signs, 1)]
        rows.append(f"{escape(in_script(line, script))}\n{''.join(marked)}")
    couplets = ("\n".join(rows[row : row + 2]) for row in range(0, len(rows), 2))
    return "\n\n".join(couplets)


def _rhymes(scansion: Scansion, number: int) -> bool:
    """Whether a line, counted from 1, ends in the poem's rhyme."""
    astray = any(problem.line == number and problem.rule == "rhyme" for problem in scansion.problems)
    return scansion.pattern is not None and number - 1 in scansion.pattern.rhyming_lines and not astray


def _verdict(scansion: Scansion, script: Script, say: Say) -> str:
    if not scansion.problems:
        return say("scan-faultless")
    return "\n".join(_named(problem, scansion, script, say) for problem in scansion.problems)


def _named(problem: Problem, scansion: Scansion, script: Script, say: Say) -> Html:
    line = scansion.lines[problem.line - 1] if scansion.lines else ""
    char = in_script(line, script)[problem.position - 1 : problem.position]
    wanted = scansion.wanted[problem.line - 1][problem.position - 1] if scansion.wanted else ""
    reason = say(f"scan-{problem.rule.replace('_', '-')}", wants="level" if wanted == "平" else "oblique")
    return say("scan-problem", line=problem.line, position=problem.position, char=char, reason=reason)
