"""From what a reader asked to what the decoder is held to: the form, and the character of every fixed position.

What cannot be had is given up, and named in `relaxed`, in this order:

- form: the lines to keep are of another;
- prefix: words that are no hanzi; more than the poem has room for; lines that end where the reader's words do not, or
  the other way round; the lines to keep say otherwise;
- acrostic: words that are no hanzi; more than there are lines; the lines to keep or the beginning say otherwise;
- keep, as form, acrostic and rhyme: without constraints;
- rhyme: no group of level tone is called so; it has too few words; given characters rhyme otherwise, or do not;
- tone: given characters fit no pattern;
- title: the poet knows no character of it.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from poetcore.errors import RequestError
from poetcore.generation.request import ComposeRequest
from poetcore.prosody import FORMS, Form
from poetcore.prosody.readings import is_traditional
from poetcore.prosody.text import COMMA, MARKS, is_hanzi, lines_of, verse_lines
from poetcore.script import Usage, prefix_in_traditional

LONGEST_FREE_PREFIX: Final = 64
"""Characters of a prefix that an unconstrained poem begins with; the poet has as many left to write."""

_ORDER: Final = ("form", "prefix", "acrostic", "keep", "rhyme", "tone", "title")
_LONGEST_TITLE: Final = 100
_LINE_LENGTHS: Final = (5, 7)
_FULL_WIDTH: Final = str.maketrans(",.!?;:", "，。！？；：")


Lines = tuple[str | None, ...]


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

    Raises `RequestError` if a prefix is given in which no hanzi can be used, or lines to keep that are of no form.
    """
    relaxed: list[str] = []
    prefix = _given(request.prefix, "prefix", request, usual, relaxed)
    if request.prefix is not None and not prefix:
        raise RequestError("no Chinese character in the beginning: give one to seven hanzi, such as 月, or none at all")
    acrostic = "".join(filter(is_hanzi, _given(request.acrostic, "acrostic", request, usual, relaxed)))
    title = "".join(filter(is_hanzi, prefix_in_traditional(_hanzi_of(request.title), request.script, usual)))
    if not request.constrained:
        return _without_form(request, prefix, title or None, relaxed)
    form = _form_of_lines(request.keep) or request.form or _fitting_form(prefix, acrostic, coin)
    if request.form not in (None, form):
        relaxed.append("form")
    places, at = _places(form, _kept(request, usual)), hanzi_places(form)
    beginning = "".join(filter(is_hanzi, prefix))
    if not _put(places, at, beginning) or _broken(prefix, request.prefix or "", form):
        relaxed.append("prefix")
    if not _put(places, at[:: form.line_length], acrostic):
        relaxed.append("acrostic")
    # A mark right after the prefix is the form's, not the reader's.
    length = at[min(len(beginning), len(at)) - 1] + 1 if beginning else 0
    shown = "".join(char for char in places[:length] if char)
    return Plan(form, tuple(places), shown, title or None, in_order(relaxed))


def _without_form(request: ComposeRequest, prefix: str, title: str | None, relaxed: list[str]) -> Plan:
    relaxed += [name for name in ("acrostic", "rhyme", "keep") if getattr(request, name) is not None]
    free = prefix[:LONGEST_FREE_PREFIX]
    relaxed += ["prefix"] * (_hanzi(free) < _hanzi(prefix))
    return Plan(None, tuple(free), free, title, in_order(relaxed))


def in_order(relaxed: Iterable[str]) -> tuple[str, ...]:
    """What was given up, each once, in the order above."""
    return tuple(sorted(set(relaxed), key=_ORDER.index))


def hanzi_places(form: Form) -> list[int]:
    """The positions of the hanzi in a text of `form`."""
    return [place for place in range(form.hanzi + form.lines) if place % (form.line_length + 1) != form.line_length]


def _given(text: str | None, field: str, request: ComposeRequest, usual: Usage, relaxed: list[str]) -> str:
    """The hanzi and marks of a field in traditional script; words dropped are noted in `relaxed`."""
    if text is None:
        return ""
    typed, dropped = usable(text)
    # Nothing is dropped of a field of mere punctuation, and nothing is left.
    if dropped or not typed:
        relaxed.append(field)
    return prefix_in_traditional(typed, request.script, usual)


def _kept(request: ComposeRequest, usual: Usage) -> Lines | None:
    """The lines to keep in traditional script; those that show it already stay, whatever script the reader uses."""
    lines = [line or "" for line in request.keep or ()]
    if request.keep is None or is_traditional(lines):
        return request.keep
    converted = prefix_in_traditional(COMMA.join(lines), request.script, usual)
    return tuple(line or None for line in converted.split(COMMA))


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


def _places(form: Form, keep: Lines | None) -> list[str | None]:
    """The form's text with its marks and the lines that are kept."""
    places: list[str | None] = []
    for number, line in enumerate(keep or [None] * form.lines):
        places += [*(line or [None] * form.line_length), form.mark_after(number)]
    return places


def _put(places: list[str | None], at: Sequence[int], chars: str) -> bool:
    """Put `chars` at those places, as many as there are, where these are open; whether all of them stand there then."""
    for place, char in zip(at, chars, strict=False):
        places[place] = places[place] or char
    return [places[place] for place in at[: len(chars)]] == list(chars)


def _broken(prefix: str, typed: str, form: Form) -> bool:
    """Whether a mark of the reader's stands where no line ends, or a line ends in words that were typed as one.

    Whole lines need no marks between them, and a space may stand anywhere.
    """
    marked = [len(line) for line in lines_of(prefix)[:-1]]
    runs = [_hanzi(run) for run in verse_lines(_normalised(typed))]
    long = [length for length in runs if length > form.line_length]
    return any(length % form.line_length for length in marked + long)


def _form_of_lines(keep: Lines | None) -> Form | None:
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
