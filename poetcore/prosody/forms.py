"""The four forms: 五絕 七絕 五律 七律."""

from dataclasses import dataclass
from typing import Final

from poetcore.errors import RequestError
from poetcore.prosody.text import COMMA, FULL_STOP, is_hanzi


@dataclass(frozen=True)
class Form:
    """A form 體裁: how many lines a poem has and how many hanzi each line."""

    name: str
    lines: int
    line_length: int

    @property
    def hanzi(self) -> int:
        """Hanzi in a poem of this form."""
        return self.lines * self.line_length

    def punctuate(self, lines: list[str] | tuple[str, ...]) -> str:
        """Join `lines` into one string: a comma ends odd lines, a full stop even ones."""
        return "".join(line + self.mark_after(number) for number, line in enumerate(lines))

    def mark_after(self, line: int) -> str:
        """The punctuation that ends line `line` (counted from 0)."""
        return FULL_STOP if line % 2 else COMMA

    def fits(self, text: str) -> bool:
        """Whether `text` has exactly this form's lines, lengths and punctuation."""
        step = self.line_length + 1
        pieces = [text[start : start + step] for start in range(0, len(text), step)]
        return (
            len(pieces) == self.lines
            and all(piece[-1:] == self.mark_after(number) for number, piece in enumerate(pieces))
            and all(is_hanzi(char) for piece in pieces for char in piece[:-1])
        )


FORMS: Final[dict[str, Form]] = {
    form.name: form for form in (Form("五絕", 4, 5), Form("七絕", 4, 7), Form("五律", 8, 5), Form("七律", 8, 7))
}

_OF_LENGTH: Final = {form.hanzi + form.lines: form for form in FORMS.values()}
_SIMPLIFIED: Final = str.maketrans("绝", "絕")


def form_named(name: str) -> Form:
    """The form called `name`, typed in traditional or simplified script; raises `RequestError` for any other."""
    form = FORMS.get(name.strip().translate(_SIMPLIFIED))
    if form is None:
        raise RequestError(f"no form is called {name!r}; the forms are {' '.join(FORMS)}")
    return form


def form_of(text: str) -> Form | None:
    """The form that `text` fits, None if it fits none."""
    form = _OF_LENGTH.get(len(text))
    return form if form is not None and form.fits(text) else None
