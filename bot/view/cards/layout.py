"""Where everything on a card stands: pure geometry, in pixels, from the poem and the sizes of things.

Columns run from right to left: title and form, the lines of the poem, then the date with the seal below it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from itertools import takewhile
from typing import Final

from bot.errors import CardError
from bot.view.cards.title import Cell, title_cells
from poetcore.prosody.text import verse_lines

Measure = Callable[[str, float], float]
"""The width of a run of letters at a size, in pixels."""

# Width and height of the papers. The poem takes the one on which its characters are largest when the whole width of a
# screen shows the card: quatrains the upright one, regulated poems with their eight columns the broad one.
_PAPERS: Final[tuple[tuple[int, int], ...]] = ((1080, 1350), (1200, 1200), (1350, 1080))

# Shares of the paper's width and height.
_MARGIN: Final = 0.115
_SKY: Final = 0.2
_GROUND: Final = 0.23

# In ems of the poem's characters.
_ADVANCE: Final = 1.16
_PITCH: Final = 1.72
_TITLE_SIZE: Final = 0.66
_TITLE_SMALL: Final = 0.46
_FORM_SIZE: Final = 0.4
_DATE_SIZE: Final = 0.36
_SEAL: Final = (0.86, 1.46)

_LARGEST: Final = 98.0
_SMALLEST: Final = 24.0
_MOST_LINES: Final = 24
_LONGEST_LINE: Final = 24
_TITLE_COLUMNS: Final = 3

_NUMERALS: Final = "〇一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def around(cls, x: float, y: float, width: float, height: float) -> "Box":
        return cls(x - width / 2, y - height / 2, x + width / 2, y + height / 2)

    @property
    def centre(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character, or a run of letters turned by 90°, in a box of its own. `role`: poem, title, form or date."""

    text: str
    size: float
    box: Box
    role: str
    turned: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """A card's geometry; `columns` are the poem's lines, the first is the rightmost."""

    width: int
    height: int
    em: float
    columns: tuple[tuple[Glyph, ...], ...]
    title: tuple[Glyph, ...]
    form: tuple[Glyph, ...]
    date: tuple[Glyph, ...]
    seal: Box

    @property
    def glyphs(self) -> tuple[Glyph, ...]:
        """All of them."""
        return (*(glyph for column in self.columns for glyph in column), *self.title, *self.form, *self.date)


@dataclass(frozen=True, slots=True)
class _Matter:
    """What has to be placed."""

    lines: tuple[str, ...]
    title: tuple[Cell, ...]
    form: str
    written: str

    @property
    def longest(self) -> int:
        return max(map(len, self.lines))


def lay_out(text: str, title: str | None, form: str | None, on: date, measure: Measure) -> Layout:
    """The geometry of a card. `title` has only characters that can be drawn; what cannot stand upright is turned.

    Raises `CardError` for a text without lines, or with more than a card can show legibly.
    """
    lines = verse_lines(text)
    if not lines:
        raise CardError("The text has no lines to put on a card.")
    if len(lines) > _MOST_LINES or max(map(len, lines)) > _LONGEST_LINE:
        raise CardError(f"A card shows up to {_MOST_LINES} lines of {_LONGEST_LINE} characters; the text has more.")
    matter = _Matter(lines, title_cells(title or ""), form or "", in_hanzi(on))
    width, height = max(_PAPERS, key=lambda paper: _shown(_em(matter, paper[0], paper[1], 1), paper[0]))
    return _set(matter, width, height, measure)


def in_hanzi(on: date) -> str:
    """The date as one writes it below a poem: 二〇二六年十一月二十四日."""
    year = "".join(_NUMERALS[int(digit)] for digit in str(on.year))
    return f"{year}年{_numeral(on.month)}月{_numeral(on.day)}日"


def _numeral(number: int) -> str:
    tens, ones = divmod(number, 10)
    if tens == 0:
        return _NUMERALS[ones]
    return (_NUMERALS[tens] if tens > 1 else "") + "十" + (_NUMERALS[ones] if ones else "")


def _shown(em: float, width: int) -> tuple[float, float]:
    return round(em / width, 4), em


def _em(matter: _Matter, width: int, height: int, title_columns: int) -> float:
    """The size of the poem's characters on this paper."""
    across = _PITCH * len(matter.lines) + _right_of_poem(title_columns) + _left_of_poem()
    down = max(_ADVANCE * matter.longest, _ADVANCE * 4)
    fitting = min(width * (1 - 2 * _MARGIN) / across, height * (1 - _SKY - _GROUND) / down, _LARGEST)
    return max(fitting, _SMALLEST)


def _right_of_poem(title_columns: int) -> float:
    return 0.35 + 1.25 * _TITLE_SIZE * title_columns


def _left_of_poem() -> float:
    return _SEAL[0] + 0.16


def _set(matter: _Matter, width: int, height: int, measure: Measure) -> Layout:
    for columns in range(1, _TITLE_COLUMNS + 1):
        em = _em(matter, width, height, columns)
        size = (_TITLE_SIZE if columns == 1 else _TITLE_SMALL) * em
        room = max(matter.longest, 6) * _ADVANCE * em
        broken = _break(matter.title, size, room - _form_height(matter.form, em), measure)
        if len(broken) <= columns:
            return _place(matter, width, height, em, broken, size)
    kept = (*broken[: _TITLE_COLUMNS - 1], _with_ellipsis(broken[_TITLE_COLUMNS - 1]))
    return _place(matter, width, height, em, kept, size)


Placed = tuple[tuple[Cell, float], ...]
"""Cells of a column, each with the height it takes."""


def _form_height(form: str, em: float) -> float:
    return (len(form) + 1) * _FORM_SIZE * _ADVANCE * em if form else 0.0


def _break(cells: tuple[Cell, ...], size: float, room: float, measure: Measure) -> tuple[Placed, ...]:
    """Cells to columns no taller than `room`. A run of letters that is taller than a column is cut."""
    columns: list[list[tuple[Cell, float]]] = [[]]
    used = 0.0
    for cell in _cut(cells, size, room, measure):
        tall = _height(cell, size, measure)
        if used + tall > room and columns[-1]:
            columns.append([])
            used = 0.0
        if cell.is_space and not columns[-1]:
            continue
        columns[-1].append((cell, tall))
        used += tall
    return tuple(tuple(column) for column in columns if column)


def _cut(cells: tuple[Cell, ...], size: float, room: float, measure: Measure) -> list[Cell]:
    pieces: list[Cell] = []
    for cell in cells:
        while cell.turned and (share := _fitting(cell, size, room, measure)) < len(cell.text):
            pieces.append(replace(cell, text=cell.text[:share]))
            cell = replace(cell, text=cell.text[share:])
        pieces.append(cell)
    return pieces


def _fitting(cell: Cell, size: float, room: float, measure: Measure) -> int:
    """How many of a run's characters fit: counted, for W is wider than i, and another face's letters are so too."""
    beginnings = (replace(cell, text=cell.text[:length]) for length in range(1, len(cell.text) + 1))
    return max(1, sum(1 for _ in takewhile(lambda begun: _height(begun, size, measure) <= room, beginnings)))


def _height(cell: Cell, size: float, measure: Measure) -> float:
    if cell.is_space:
        return size * 0.5
    return measure(cell.text, size) + size * 0.2 if cell.turned else size * 1.12


def _with_ellipsis(column: Placed) -> Placed:
    """The column with its last cell turned into dots that run downwards."""
    return (*column[:-1], (Cell("…", turned=True), column[-1][1]))


def _place(
    matter: _Matter, width: int, height: int, em: float, titles: tuple[Placed, ...], title_size: float
) -> Layout:
    count, tall = len(matter.lines), matter.longest * _ADVANCE * em
    pitch = _PITCH * em
    title_pitch = 1.25 * title_size
    right = _right_of_poem(1) * em + max(len(titles) - 1, 0) * title_pitch
    block = count * pitch + right + _left_of_poem() * em
    edge = (width + block) / 2
    top = height * _SKY + max(0.0, (height * (1 - _SKY - _GROUND) - tall) * 0.42)
    first = edge - right - pitch / 2
    columns = tuple(
        _column(tuple((Cell(char), _ADVANCE * em) for char in line), first - k * pitch, top, em, "poem")
        for k, line in enumerate(matter.lines)
    )
    title_x = edge - title_pitch / 2
    title = tuple(
        glyph
        for k, column in enumerate(titles)
        for glyph in _column(column, title_x - k * title_pitch, top, title_size, "title")
    )
    form = _form(matter, em, title_x, top, title)
    left = edge - block
    dated, seal = _signature(matter, em, left + _SEAL[0] * em / 2, top, tall)
    return Layout(width, height, em, columns, title, form, dated, seal)


def _form(matter: _Matter, em: float, x: float, top: float, title: tuple[Glyph, ...]) -> tuple[Glyph, ...]:
    """The form's name in small below the title's first column, or in its place."""
    size = _FORM_SIZE * em
    under = [glyph.box.bottom for glyph in title if abs(glyph.box.centre[0] - x) < 1]
    start = max(under, default=top - size) + size
    return _column(tuple((Cell(char), size * _ADVANCE) for char in matter.form), x, start, size, "form")


def _signature(matter: _Matter, em: float, x: float, top: float, tall: float) -> tuple[tuple[Glyph, ...], Box]:
    """The date, and the seal below it: as low as the poem reaches, or from its top where the poem is short."""
    size, (wide, deep) = _DATE_SIZE * em, (share * em for share in _SEAL)
    advance = size * 1.14
    gap = 0.3 * em
    whole = len(matter.written) * advance + gap + deep
    start = top + max(0.0, tall - whole)
    cells = tuple((Cell(char), advance) for char in matter.written)
    below = start + len(matter.written) * advance + gap
    return _column(cells, x, start, size, "date"), Box(x - wide / 2, below, x + wide / 2, below + deep)


def _column(cells: Placed, x: float, top: float, size: float, role: str) -> tuple[Glyph, ...]:
    glyphs = []
    for cell, tall in cells:
        if not cell.is_space:
            glyphs.append(Glyph(cell.text, size, Box.around(x, top + tall / 2, size, tall), role, cell.turned))
        top += tall
    return tuple(glyphs)
