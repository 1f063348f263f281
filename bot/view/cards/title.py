"""A title for vertical setting: hanzi stand upright, letters and digits lie in runs, marks take their vertical form."""

import unicodedata
from dataclasses import dataclass
from itertools import groupby
from typing import Final

# Marks that have a shape of their own in vertical text (Unicode's CJK Compatibility Forms).
_VERTICAL: Final = str.maketrans(
    {
        "「": "﹁",
        "」": "﹂",
        "『": "﹃",
        "』": "﹄",
        "《": "︽",
        "》": "︾",
        "〈": "︿",
        "〉": "﹀",
        "（": "︵",
        "）": "︶",
        "【": "︻",
        "】": "︼",
        "〔": "︹",
        "〕": "︺",
    }
)

# What a brush leaves out; a little room stands for it.
_LEFT_OUT: Final = frozenset("，。、；：！？,.;:!?")

# Enclosed numbers, shapes, symbols: ① ● ★ stand upright in vertical text too (Unicode's UTR 50).
_SIGNS: Final = frozenset(map(chr, range(0x2460, 0x27C0)))


@dataclass(frozen=True, slots=True)
class Cell:
    """A character that stands upright, a run that is turned by 90°, or room (" ")."""

    text: str
    turned: bool = False

    @property
    def is_space(self) -> bool:
        return self.text == " "


def title_cells(title: str) -> tuple[Cell, ...]:
    """Any text as cells; control and combining characters go, marks of pause become room."""
    cells: list[Cell] = []
    shown = " ".join("".join(map(_shown, unicodedata.normalize("NFC", title))).split())
    for kind, run in groupby(shown.translate(_VERTICAL), key=_kind):
        text = "".join(run)
        if kind == "lying":
            cells.append(Cell(text, turned=True))
        elif kind == "room":
            cells.append(Cell(" "))
        else:
            cells.extend(Cell(char) for char in text)
    while cells and cells[-1].is_space:
        cells.pop()
    return tuple(cells)


def _shown(char: str) -> str:
    if char in _LEFT_OUT or char.isspace():
        return " "
    return "" if unicodedata.category(char)[0] in "CM" else char


def _kind(char: str) -> str:
    if char == " ":
        return "room"
    return "upright" if unicodedata.east_asian_width(char) in "WF" or char in _SIGNS else "lying"
