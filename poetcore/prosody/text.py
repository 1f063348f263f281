"""What a poem's text is made of: hanzi, punctuation marks, lines."""

import re
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
