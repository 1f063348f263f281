"""What titles, beginnings and acrostics may not spell: a short list, in `unwelcome.txt`."""

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Final

from poetcore.prosody.text import is_hanzi
from poetcore.script import to_simplified

_LIST: Final = Path(__file__).parent / "unwelcome.txt"


def is_unwelcome(text: str | None) -> bool:
    """Whether `text` spells a word of the list, in any script and width, with any marks between its hanzi."""
    if not text:
        return False
    hanzi, words = _hanzi_and_words(text)
    phrases, latin = _unwelcome()
    return bool(phrases.search(hanzi)) or not latin.isdisjoint(words)


def _hanzi_and_words(text: str) -> tuple[str, list[str]]:
    """The simplified hanzi of `text` in one, and its Latin words in small letters."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return to_simplified("".join(filter(is_hanzi, plain))), re.findall("[a-z]+", plain)


@cache
def _unwelcome() -> tuple[re.Pattern[str], frozenset[str]]:
    """A pattern of the list's phrases, and its Latin words."""
    lines = [line.partition("#")[0].strip() for line in _LIST.read_text(encoding="utf-8").splitlines()]
    listed = {word.casefold() for line in lines for word in line.split()}
    latin = frozenset(word for word in listed if word.isascii())
    return re.compile("|".join(map(re.escape, sorted(listed - latin)))), latin
