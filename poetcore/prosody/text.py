"""What a poem's text is made of: hanzi, punctuation marks, lines."""

import re
import unicodedata
from typing import Final

COMMA: Final = "，"
FULL_STOP: Final = "。"
MARKS: Final = "，。！？；：、"
"""The punctuation that a poem may have."""

LINE_END: Final = re.compile(f"[{MARKS}]+")
"""What ends a line: one mark, or several in a row."""


def is_hanzi(char: str) -> bool:
    """Whether `char` is a CJK character as this project counts them: U+4E00 to U+9FFF."""
    return "\u4e00" <= char <= "\u9fff"


def lines_of(text: str) -> tuple[str, ...]:
    """The lines of a poem's text, without punctuation."""
    return tuple(line for line in LINE_END.split(text) if line)


def verse_lines(text: str) -> tuple[str, ...]:
    """The lines of verse in `text`, however they are set off: by any punctuation, spaces or line breaks.

    Brackets, quotation marks, invisible and combining characters do not count. All else (letters, symbols, rarer
    hanzi) stays where it stands, as part of a line. Any string is fine.
    """
    return tuple(line for line in text.translate(_BREAKS).split("\n") if line)


class _Breaks(dict[int, str | int]):
    """For `str.translate`: what ends a line becomes a line break, what does not count goes, the rest stays.

    Only hanzi are remembered, or strange texts would fill the memory.
    """

    def __missing__(self, code: int) -> str | int:
        char = chr(code)
        if is_hanzi(char):
            self[code] = code
            return code
        category = unicodedata.category(char)
        if category in ("Ps", "Pe", "Pi", "Pf", "Cf", "Mn", "Me") or char in "'\"＇＂":
            return ""
        return "\n" if category[0] in "PZ" or category == "Cc" or char in "|｜~～" else code


_BREAKS: Final = _Breaks()
