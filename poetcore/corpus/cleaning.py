"""Turn a poem as the collection has it into clean text, or say why it cannot be used.

The collection has editors' notes in six kinds of brackets, glyphs described by their parts, gaps, quotation
marks and bits of prose. A note goes; a poem with a gap goes as a whole, because a line without its missing
character teaches a wrong length.
"""

import re
from collections import Counter
from typing import Final

from poetcore.prosody.text import LINE_END, MARKS, is_hanzi, lines_of

_BRACKETS: Final = {
    "（": "）",
    "〔": "〕",
    "[": "]",
    "{": "}",
    "〖": "〗",
    "(": ")",
    "【": "】",
    "［": "］",
    "｛": "｝",
}
_CLOSING: Final = frozenset(_BRACKETS.values())
_QUOTES: Final = re.compile("[《》〈〉「」『』“”‘’\"'＂＇]")
_DIGITS: Final = re.compile("[0-9０-９]+")
_SPACE: Final = re.compile(r"[\s\u200b\ufeff]+")
_HALF_WIDTH: Final = str.maketrans(",.!?;:､｡．", "，。！？；：、。。")
# □ and its kin mark a lost character; so do private-use code points, ideographic description characters,
# the replacement character and the ellipsis of an excerpt.
_MISSING: Final = re.compile("[□○●◎■◆△▲＊*〇…\ufffd\ue000-\uf8ff\u2ff0-\u2fff]")
# [爽] restores what the source lost, [□] could not, and [二] is the number of a note.
_RESTORED: Final = re.compile("(?![一二三四五六七八九十][一二三四五六七八九十○]*$)[\u4e00-\u9fff□○●]{1,4}")
_VARIANT_NOTE: Final = re.compile("一作|又作|亦作|或作|原作|疑作|當作|注|按|案")
_CATALOGUE_PROSE: Final = re.compile("詩題：|首句：|題句：|^題：|^句：")
_TEXT: Final = re.compile(rf"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff{MARKS}]+")
_FEWEST_LINES: Final = 4


class CleaningReport:
    """What was changed in poems that stay and why poems were dropped, counted by reason."""

    def __init__(self) -> None:
        """All counts at zero."""
        self.changed: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()


def clean(text: str, report: CleaningReport) -> str | None:
    """Clean text of one poem (hanzi and `MARKS` only), or None if it is unusable; either way counted in `report`.

    Reasons for a change: note, restored_character, quotation, digits, half_width.
    Reasons for a drop: unbalanced_brackets, missing_character, empty, foreign_text, fragment.
    """
    changes: set[str] = set()
    outside = _without_notes(_SPACE.sub("", text), changes)
    cleaned = None if outside is None else _tidied(outside, changes)
    reason = _unusable(cleaned)
    if reason is not None:
        report.dropped[reason] += 1
        return None
    report.changed.update(changes)
    return cleaned


def normalised(text: str) -> str:
    """The hanzi of `text` alone: what says whether two poems are the same."""
    return LINE_END.sub("", text)


def _without_notes(text: str, changes: set[str]) -> str | None:
    """`text` without bracketed notes, innermost first to last; None if brackets do not pair up."""
    if not any(char in text for char in (*_BRACKETS, *_CLOSING)):
        return text
    levels: list[tuple[str, list[str]]] = [("", [])]
    for char in text:
        if char in _BRACKETS:
            levels.append((char, []))
        elif char in _CLOSING:
            opening, inside = levels.pop()
            if _BRACKETS.get(opening) != char:
                return None
            levels[-1][1].append(_replacement(opening, "".join(inside), changes))
        else:
            levels[-1][1].append(char)
    return "".join(levels[0][1]) if len(levels) == 1 else None


def _replacement(opening: str, inside: str, changes: set[str]) -> str:
    """What stays of a bracket: the restored [嬋娟], a gap for the glyph described by {艹/尔}, else nothing."""
    is_note = _VARIANT_NOTE.match(inside)
    if opening == "[" and _RESTORED.fullmatch(inside) and not is_note:
        changes.add("restored_character")
        return inside
    if opening == "{" and inside and not is_note:
        return "□"
    changes.add("note")
    return ""


def _tidied(text: str, changes: set[str]) -> str:
    for reason, tidied in (
        ("quotation", lambda t: _QUOTES.sub("", t)),
        ("digits", lambda t: _DIGITS.sub("", t)),
        ("half_width", lambda t: t.translate(_HALF_WIDTH)),
    ):
        before, text = text, tidied(text)
        if text != before:
            changes.add(reason)
    # A note between two marks leaves them side by side: the first one is the poem's own.
    return LINE_END.sub(lambda run: run[0][0], text).lstrip(MARKS)


def _unusable(text: str | None) -> str | None:
    """Why tidied text (None: its brackets do not pair up) cannot be used, None if it can."""
    if text is None:
        return "unbalanced_brackets"
    if _MISSING.search(text):
        return "missing_character"
    if not any(is_hanzi(char) for char in text):
        return "empty"
    if not _TEXT.fullmatch(text):
        return "foreign_text"
    if text[-1] not in "。！？；" or _CATALOGUE_PROSE.search(text) or len(lines_of(text)) < _FEWEST_LINES:
        return "fragment"
    return None
