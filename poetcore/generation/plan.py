"""From what a reader asked to what the decoder is held to: the form, and the character of every fixed position."""

import unicodedata
from dataclasses import dataclass
from typing import Final

from poetcore.errors import RequestError
from poetcore.generation.request import ComposeRequest
from poetcore.prosody import FORMS, Form
from poetcore.prosody.text import MARKS, is_hanzi
from poetcore.script import Usage, prefix_in_traditional

LONGEST_FREE_PREFIX: Final = 64
"""Characters of a prefix that an unconstrained poem begins with; the poet has as many left to write."""

_LINE_LENGTHS: Final = (5, 7)
_FULL_WIDTH: Final = str.maketrans(",.!?;:", "，。！？；：")


@dataclass(frozen=True)
class Plan:
    """A poem to be, in traditional script."""

    form: Form | None
    """None: unconstrained."""
    places: tuple[str | None, ...]
    """The character of each position of the text, None where the poet chooses; unconstrained, only the prefix."""
    prefix: str
    """The reader's beginning as it will stand in the text."""
    relaxed: tuple[str, ...]


def plan(request: ComposeRequest, usual: Usage, coin: float) -> Plan:
    """The plan for `request`; `coin`, in [0, 1), decides where the form is left open.

    Raises `RequestError` if a prefix is given in which no hanzi can be used.
    """
    typed, dropped = ("", False) if request.prefix is None else usable(request.prefix)
    if request.prefix is not None and not any(map(is_hanzi, typed)):
        raise RequestError("no Chinese character in the beginning: give one to seven hanzi, such as 月, or none at all")
    prefix = prefix_in_traditional(typed, request.script, usual)
    planned = _in_form(prefix, request.form or _fitting_form(prefix, coin)) if request.constrained else _free(prefix)
    kept = sum(map(is_hanzi, planned.prefix)) == sum(map(is_hanzi, prefix))
    return planned if kept and not dropped else Plan(planned.form, planned.places, planned.prefix, ("prefix",))


def usable(text: str) -> tuple[str, bool]:
    """The hanzi and marks of `text`, from its first hanzi on, and whether words were dropped.

    Space, invisible characters and punctuation that no poem has go unmentioned.
    """
    kept: list[str] = []
    dropped = False
    for char in _normalised(text):
        if is_hanzi(char) or (char in MARKS and kept and kept[-1] not in MARKS):
            kept.append(char)
        elif unicodedata.category(char) not in ("Cf", "Cc", "Mn") and unicodedata.category(char)[0] not in "PZ":
            dropped = True
    return "".join(kept), dropped


def _normalised(text: str) -> str:
    """`text` with marks at full width; radicals and compatibility ideographs (月 as U+2F49) are what they stand for."""
    wide = text.translate(_FULL_WIDTH)
    return "".join(char if char in MARKS else unicodedata.normalize("NFKC", char) for char in wide)


def _in_form(prefix: str, form: Form) -> Plan:
    hanzi = [char for char in prefix if is_hanzi(char)][: form.hanzi]
    places: list[str | None] = []
    words = iter(hanzi)
    for line in range(form.lines):
        places += [next(words, None) for _ in range(form.line_length)]
        places.append(form.mark_after(line))
    # A mark right after the prefix is the form's, not the reader's.
    length = len(hanzi) + max(0, len(hanzi) - 1) // form.line_length
    return Plan(form, tuple(places), "".join(char for char in places[:length] if char), ())


def _free(prefix: str) -> Plan:
    prefix = prefix[:LONGEST_FREE_PREFIX]
    return Plan(None, tuple(prefix), prefix, ())


def _fitting_form(prefix: str, coin: float) -> Form:
    """The shortest form that holds the prefix in lines of the length it shows; the coin decides between equals."""
    length = sum(map(is_hanzi, prefix))
    told = _line_length(prefix, length)
    forms = [form for form in FORMS.values() if told in (None, form.line_length)]
    holding = [form for form in forms if form.hanzi >= length] or [max(forms, key=lambda form: form.hanzi)]
    fewest_lines = min(form.lines for form in holding)
    equals = [form for form in holding if form.lines == fewest_lines]
    return equals[int(coin * len(equals))]


def _line_length(prefix: str, length: int) -> int | None:
    """The line length that a prefix shows: by its first mark, or by filling a line or a number of lines; else None."""
    marks = [position for position, char in enumerate(prefix) if char in MARKS]
    if marks:
        return marks[0] if marks[0] in _LINE_LENGTHS else None
    if 5 < length <= 7:
        return 7
    whole = [size for size in _LINE_LENGTHS if length % size == 0 and length <= 8 * size]
    return whole[0] if length and whole else None
