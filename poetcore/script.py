"""Traditional and simplified script: OpenCC, and what a reader's typed words are taken for."""

from collections.abc import Callable
from functools import cache
from typing import Final, Literal

from opencc import OpenCC

from poetcore.prosody.text import is_hanzi

Script = Literal["hant", "hans"]
SCRIPTS: Final[tuple[Script, ...]] = ("hant", "hans")

Usage = Callable[[str, str], bool]
"""`usual(typed, converted)`: whether the poet's corpus writes `typed` about as often as `converted`, or oftener."""


def to_traditional(text: str) -> str:
    """`text` in traditional script, phrase by phrase; length and positions stay."""
    return _converted("s2t", text)


def to_simplified(text: str) -> str:
    """`text` in simplified script, phrase by phrase; length and positions stay.

    A hanzi stays as it is where its simplified form lies outside U+4E00–9FFF, so that a line keeps its count.
    """
    return _converted("t2s", text)


def is_simplified_only(char: str, usual: Usage) -> bool:
    """Whether traditional texts do not write `char`.

    Such a character is changed by OpenCC and stands outside Big5, the traditional character set of old; but not
    every one that is so: 黄 却 烟 荆 are the usual forms in 全唐詩, which is what `usual` knows.
    """
    converted = to_traditional(char)
    return converted != char and not _in_big5(char) and not usual(char, converted)


def prefix_in_traditional(prefix: str, script: Script, usual: Usage) -> str:
    """What a reader who typed `prefix` means, in traditional script; the length stays.

    One simplified character makes all of it simplified (红云 is 紅雲). Without one it stays as typed unless the
    reader uses simplified script: 云 后 里 余 are traditional characters too.
    """
    if script == "hant" and not any(is_simplified_only(char, usual) for char in prefix):
        return prefix
    pairs = zip(prefix, to_traditional(prefix), strict=True)
    return "".join(
        typed if not _in_big5(typed) and usual(typed, converted) else converted for typed, converted in pairs
    )


def _converted(config: str, text: str) -> str:
    try:
        converted = _converter(config).convert(text)
    except UnicodeEncodeError:  # a lone surrogate
        converted = ""
    if len(converted) != len(text):
        converted = "".join(_converted_alone(config, char) for char in text)
    return "".join(
        before if is_hanzi(before) and not is_hanzi(after) else after
        for before, after in zip(text, converted, strict=True)
    )


def _converted_alone(config: str, char: str) -> str:
    try:
        converted = _converter(config).convert(char)
    except UnicodeEncodeError:
        return char
    return converted if len(converted) == 1 else char


@cache
def _converter(config: str) -> OpenCC:
    # Built on first use, 5–50 ms; two threads may both build one, and then both are good. Converting is const.
    return OpenCC(config)


def _in_big5(char: str) -> bool:
    try:
        char.encode("big5")
    except UnicodeEncodeError:
        return False
    return True
