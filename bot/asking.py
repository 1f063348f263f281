"""What a reader asks for: words in any order, in either script, at full or half width."""

import re
import unicodedata
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Final

from poetcore.prosody import FORMS, Form, rhyme_group_named, rhyme_groups
from poetcore.prosody.text import MARKS, is_hanzi
from poetcore.script import to_simplified

# More cannot begin a poem of 56 hanzi; a title is cut here too.
LONGEST_WORDS: Final = 100

LONGEST_BEGINNING: Final = 7
"""Hanzi of plain words that are taken for a beginning: one line; more are a title."""

# Readers often type no space: /poem 月七絕.
_FORM_NAME: Final = re.compile("([五七])(?:([絕绝律])|言([絕绝律])[句詩诗]?)")
_TITLE: Final = re.compile("[《〈]([^《》〈〉]*)[》〉]")
# 題：中秋, 以中秋為題, 寫一首關於中秋的詩. Words that merely begin with 題 are a title as they stand: 題西林壁.
_ON: Final = re.compile(
    "(?:[題题]目?[:：](?P<after>.+)|.*?以(?P<inside>.+)[為为][題题].*|.*?[關关][於于](?P<about>.+?)(?:的.*)?)",
    re.DOTALL,
)


class What(StrEnum):
    """What the words of a request are."""

    PREFIX = "prefix"
    TITLE = "title"
    ACROSTIC = "acrostic"


@dataclass(frozen=True)
class Asked:
    """What words ask for; None: nothing is said of it."""

    words: str | None = None
    """All that is none of the following, single spaces between."""
    form: Form | None = None
    title: str | None = None
    """What stood in 《》."""
    rhyme: str | None = None
    """The name of a level rhyme group, such as 東."""

    @property
    def prefix(self) -> str | None:
        """The words as a beginning or an acrostic: without spaces."""
        return self.words.replace(" ", "") if self.words else None

    @property
    def hanzi(self) -> int:
        """How many hanzi the words have."""
        return _hanzi_in(self.words)


def asked_for(words: str) -> Asked | None:
    """What the words after `/poem` ask for; None if they name two different forms, or two rhyme groups.

    Form names (七絕, 七言絕句), level rhyme groups (東韻, 一東韻) and a title in 《》 may stand anywhere.
    """
    title = _TITLE.search(words)
    named = _named(_TITLE.sub(" ", words, count=1))
    return named and replace(named, title=_tidy(title[1]) if title else None)


def titled(words: str) -> Asked | None:
    """What the words after `/title` ask for, as `asked_for`; all that is no form and no rhyme group is the title."""
    asked = asked_for(words)
    if asked is None or (asked.title and not asked.words):
        return asked
    named = _named(words)
    return named and replace(named, words=None, title=named.words)


def plainly_asked(text: str) -> Asked | None:
    """What a reader wants who just wrote `text`, as `asked_for`; `Asked()` if it is no request.

    Up to seven hanzi that fit a line of the form are a beginning; more, and words that speak of a 題, are the title.
    """
    asked = asked_for(text)
    if asked is None or not asked.words or asked.title:
        return asked
    if not asked.hanzi:
        return replace(asked, words=None)
    on = _ON.fullmatch(asked.words)
    if on:
        return replace(asked, words=None, title=_tidy(next(filter(None, on.groups()))) or asked.words)
    longest = asked.form.line_length if asked.form else LONGEST_BEGINNING
    if asked.hanzi > longest or (asked.hanzi > 1 and asked.words[0] in "題题"):
        return replace(asked, words=None, title=asked.words)
    return asked


def _named(words: str) -> Asked | None:
    forms = {match[1] + (match[2] or match[3]).replace("绝", "絕") for match in _FORM_NAME.finditer(words)}
    rest = _FORM_NAME.sub(" ", words)
    rhymes = {rhyme_group_named(match[1]).name for match in _rhyme_name().finditer(rest)}
    rest = _rhyme_name().sub(" ", rest)
    if len(forms) > 1 or len(rhymes) > 1:
        return None
    return Asked(_tidy(rest), FORMS[forms.pop()] if forms else None, None, rhymes.pop() if rhymes else None)


@cache
def _rhyme_name() -> re.Pattern[str]:
    """東韻, 一東韻, 上平聲一東韻, also behind 押 or 用, and simplified."""
    names = "".join(group.name for group in rhyme_groups() if group.level)
    either = "".join(sorted({*names, *to_simplified(names)}))
    return re.compile(f"[押用]?(?:[上下]平[聲声])?[一二三四五六七八九十]{{0,2}}([{either}])[韻韵]")


def _tidy(words: str) -> str | None:
    """Single spaces, no marks at either end; neither what is invisible nor what no database takes (NUL, surrogates)."""
    visible = "".join(char if char.isprintable() else " " if char.isspace() else "" for char in words)
    return " ".join(visible[: 4 * LONGEST_WORDS].split())[:LONGEST_WORDS].strip(f" ,.!?;:{MARKS}") or None


def _hanzi_in(words: str | None) -> int:
    return sum(map(is_hanzi, unicodedata.normalize("NFKC", words or "")))
