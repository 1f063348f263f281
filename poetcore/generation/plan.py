"""From what a reader asked to what the decoder is held to: the form, and the character of every fixed position.

What cannot be had is given up in this order, and named in `relaxed`: words that are no hanzi; what is too long for the
form; an acrostic where the beginning says otherwise; a rhyme group that has too few words or that given characters
contradict; the tones of given characters; a title of which the poet knows no character.
"""

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

_LONGEST_TITLE: Final = 100
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
    title: str | None = None
    """What the poem is about, as hanzi; None for anything."""
    relaxed: tuple[str, ...] = ()


def plan(request: ComposeRequest, usual: Usage, coin: float) -> Plan:
    """The plan for `request`; `coin`, in [0, 1), decides where the form is left open.

    Raises `RequestError` if a prefix or an acrostic is given in which no hanzi can be used, or lines to keep that are
    those of no form.
    """
    relaxed: list[str] = []
    prefix = _given(request.prefix, "prefix", request, usual, relaxed)
    acrostic = "".join(filter(is_hanzi, _given(request.acrostic, "acrostic", request, usual, relaxed)))
    title = "".join(filter(is_hanzi, prefix_in_traditional(_hanzi_of(request.title), request.script, usual)))
    if not request.constrained:
        relaxed += [name for name in ("acrostic", "rhyme", "keep") if getattr(request, name) is not None]
        free = prefix[:LONGEST_FREE_PREFIX]
        relaxed += ["prefix"] * (_hanzi(free) < _hanzi(prefix))
        return Plan(None, tuple(free), free, title or None, _once(relaxed))
    form = _form_of_lines(request.keep) or request.form or _fitting_form(prefix, acrostic, coin)
    if request.form not in (None, form):
        relaxed.append("form")
    places, shown = _placed(form, prefix)
    if _hanzi(shown) < _hanzi(prefix):
        relaxed.append("prefix")
    if not _with_acrostic(places, acrostic, form):
        relaxed.append("acrostic")
    if request.keep is not None and not _with_lines(places, request.keep, form):
        relaxed.append("keep")
    return Plan(form, tuple(places), shown, title or None, _once(relaxed))


def _given(text: str | None, field: str, request: ComposeRequest, usual: Usage, relaxed: list[str]) -> str:
    """The hanzi and marks of a field in traditional script; words dropped are noted in `relaxed`."""
    if text is None:
        return ""
    typed, dropped = usable(text)
    if not any(map(is_hanzi, typed)):
        what = "beginning" if field == "prefix" else field
        raise RequestError(f"no Chinese character in the {what}: give one to seven hanzi, such as 月, or none at all")
    if dropped:
        relaxed.append(field)
    return prefix_in_traditional(typed, request.script, usual)


def _once(names: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _hanzi(text: str) -> int:
    return sum(map(is_hanzi, text))


def _hanzi_of(title: str | None) -> str:
    return "".join(filter(is_hanzi, _normalised((title or "")[:_LONGEST_TITLE])))


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


def _placed(form: Form, prefix: str) -> tuple[list[str | None], str]:
    """The form's text with its marks and `prefix`, and the prefix as it stands there."""
    hanzi = [char for char in prefix if is_hanzi(char)][: form.hanzi]
    places: list[str | None] = []
    words = iter(hanzi)
    for line in range(form.lines):
        places += [next(words, None) for _ in range(form.line_length)]
        places.append(form.mark_after(line))
    # A mark right after the prefix is the form's, not the reader's.
    length = len(hanzi) + max(0, len(hanzi) - 1) // form.line_length
    return places, "".join(char for char in places[:length] if char)


def _with_acrostic(places: list[str | None], acrostic: str, form: Form) -> bool:
    """Let each line begin with its character of `acrostic`; whether all of them do."""
    for line, char in enumerate(acrostic[: form.lines]):
        start = line * (form.line_length + 1)
        places[start] = places[start] or char
    begins = "".join(places[line * (form.line_length + 1)] or "" for line in range(min(len(acrostic), form.lines)))
    return begins == acrostic


def _with_lines(places: list[str | None], keep: tuple[str | None, ...], form: Form) -> bool:
    """Put the lines that are kept in their places, whatever was there; whether nothing was."""
    kept_all = True
    for number, line in enumerate(keep):
        if line is not None:
            start = number * (form.line_length + 1)
            span = slice(start, start + form.line_length)
            kept_all &= all(char in (None, new) for char, new in zip(places[span], line, strict=True))
            places[span] = line
    return kept_all


def _form_of_lines(keep: tuple[str | None, ...] | None) -> Form | None:
    """The form that lines to keep are of; None if none are given."""
    if keep is None:
        return None
    lengths = {len(line) for line in keep if line is not None}
    found = [form for form in FORMS.values() if form.lines == len(keep) and lengths == {form.line_length}]
    if not found or not all(is_hanzi(char) for line in keep if line is not None for char in line):
        raise RequestError(
            "the lines to keep must be the four or eight of a poem, of five or seven hanzi each, "
            "with the lines to write anew left out"
        )
    return found[0]


def _fitting_form(prefix: str, acrostic: str, coin: float) -> Form:
    """The shortest form that holds prefix and acrostic, in lines of the length the prefix shows.

    The coin decides between equals.
    """
    length = _hanzi(prefix)
    told = _line_length(prefix, length)
    forms = [form for form in FORMS.values() if told in (None, form.line_length)]
    holding = [form for form in forms if form.hanzi >= length] or [max(forms, key=lambda form: form.hanzi)]
    enough = [form for form in holding if form.lines >= len(acrostic)] or [form for form in holding if form.lines == 8]
    fewest_lines = min(form.lines for form in enough)
    equals = [form for form in enough if form.lines == fewest_lines]
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
