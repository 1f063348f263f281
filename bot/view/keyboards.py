"""The buttons below a poem, and what their presses mean."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.storage.poems import Tally
from bot.view.messages import Say
from poetcore.prosody import FORMS
from poetcore.script import Script, to_simplified

_VALUES: Final = {"+": 1, "-": -1}
_STARS: Final = {True: "★", False: "☆"}
_MORE: Final = "⋯"
_UNRATED: Final = Tally(0, 0)


class Act(StrEnum):
    """What a button below a poem does, besides rating it."""

    MENU = "menu"
    """Show all buttons."""
    AGAIN = "again"
    LINES = "lines"
    """Show the lines, to choose one."""
    LINE = "line"
    """Write the chosen line anew."""
    FORMS = "forms"
    FORM = "form"
    CARDS = "cards"
    CARD = "card"
    STAR = "star"
    SCAN = "scan"
    SHARE = "share"


_CHOICES: Final = {Act.LINE: "[1-8]", Act.FORM: "|".join(FORMS), Act.CARD: "light|dark"}
_ID: Final = "([1-9][0-9]{0,17})"
_RATING: Final = re.compile(f"r:{_ID}:([+-])")
_POEM: Final = re.compile(
    f"p:{_ID}:(?:({'|'.join(act for act in Act if act not in _CHOICES)})"
    f"|(?:{'|'.join(f'({act}):({choices})' for act, choices in _CHOICES.items())}))"
)


@dataclass(frozen=True)
class RatingPress:
    """A press of a rating button: +1 or -1 for a poem."""

    poem_id: int
    value: int


@dataclass(frozen=True)
class PoemPress:
    """A press of another button below a poem; `choice`: the line, form or paper that was chosen."""

    poem_id: int
    act: Act
    choice: str = ""


@dataclass(frozen=True)
class Shown:
    """What the buttons below a poem show of it."""

    poem_id: int
    tally: Tally = _UNRATED
    starred: bool = False
    """Whether its reader keeps it; in a group, where readers differ, nobody does."""


def rating_press(data: str | None) -> RatingPress | None:
    """What a rating button's data says; None for data that no rating button of ours has."""
    match = _RATING.fullmatch(data or "")
    return RatingPress(int(match[1]), _VALUES[match[2]]) if match else None


def poem_press(data: str | None) -> PoemPress | None:
    """What another button's data says; None for data that no button of ours has."""
    match = _POEM.fullmatch(data or "")
    if match is None:
        return None
    act, *choice = (group for group in match.groups()[1:] if group is not None)
    return PoemPress(int(match[1]), Act(act), *choice)


def rating_keyboard(poem_id: int, tally: Tally) -> InlineKeyboardMarkup:
    """👍 and 👎, each with its number unless that is 0, and the way to all others; the same in every language."""
    return InlineKeyboardMarkup([[*_thumbs(poem_id, tally), _button(_MORE, poem_id, Act.MENU)]])


def poem_keyboard(shown: Shown, say: Say, *, cards: bool) -> InlineKeyboardMarkup:
    """All buttons of a poem; that of the card only where cards can be drawn."""
    second = (Act.AGAIN, Act.LINES, Act.FORMS)
    third = (Act.SCAN, *([Act.CARDS] if cards else []), Act.SHARE)
    star = _button(_STARS[shown.starred], shown.poem_id, Act.STAR)
    return InlineKeyboardMarkup(
        [
            [*_thumbs(shown.poem_id, shown.tally), star],
            *([_button(say.plain(f"poem-{act}"), shown.poem_id, act) for act in row] for row in (second, third)),
        ]
    )


def lines_keyboard(poem_id: int, lines: Sequence[str], say: Say) -> InlineKeyboardMarkup:
    """The lines of a poem, a couplet a row, of which one is to be written anew."""
    buttons = [_button(line, poem_id, Act.LINE, str(number)) for number, line in enumerate(lines, 1)]
    return InlineKeyboardMarkup([*(buttons[row : row + 2] for row in range(0, len(buttons), 2)), [_back(poem_id, say)]])


def forms_keyboard(poem_id: int, current: str | None, script: Script, say: Say) -> InlineKeyboardMarkup:
    """The forms that a poem is not in."""
    others = [name for name in FORMS if name != current]
    row = [_button(in_script(name, script), poem_id, Act.FORM, name) for name in others]
    return InlineKeyboardMarkup([row, [_back(poem_id, say)]])


def papers_keyboard(poem_id: int, say: Say) -> InlineKeyboardMarkup:
    """Light or dark paper for a card."""
    row = [_button(say.plain(f"poem-paper-{paper}"), poem_id, Act.CARD, paper) for paper in ("light", "dark")]
    return InlineKeyboardMarkup([row, [_back(poem_id, say)]])


def with_tally(keyboard: InlineKeyboardMarkup, poem_id: int, tally: Tally) -> InlineKeyboardMarkup:
    """The keyboard with the poem's ratings as they are now, all else as it was."""
    thumbs = {button.callback_data: button for button in _thumbs(poem_id, tally)}
    return _replaced(keyboard, lambda button: thumbs.get(button.callback_data, button))


def with_star(keyboard: InlineKeyboardMarkup, poem_id: int, *, starred: bool) -> InlineKeyboardMarkup:
    """The keyboard with the star full or empty, all else as it was."""
    star = _button(_STARS[starred], poem_id, Act.STAR)
    return _replaced(keyboard, lambda button: star if button.callback_data == star.callback_data else button)


def in_script(name: str, script: Script) -> str:
    """A name, which is traditional, in a script."""
    return to_simplified(name) if script == "hans" else name


def _replaced(
    keyboard: InlineKeyboardMarkup, new: Callable[[InlineKeyboardButton], InlineKeyboardButton]
) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[new(button) for button in row] for row in keyboard.inline_keyboard])


def _thumbs(poem_id: int, tally: Tally) -> list[InlineKeyboardButton]:
    thumbs = [("👍", tally.up, "+"), ("👎", tally.down, "-")]
    return [
        InlineKeyboardButton(f"{thumb} {count}" if count else thumb, callback_data=f"r:{poem_id}:{sign}")
        for thumb, count, sign in thumbs
    ]


def _button(text: str, poem_id: int, act: Act, choice: str = "") -> InlineKeyboardButton:
    return InlineKeyboardButton(text, callback_data=f"p:{poem_id}:{act}" + (f":{choice}" if choice else ""))


def _back(poem_id: int, say: Say) -> InlineKeyboardButton:
    return _button(say.plain("poem-back"), poem_id, Act.MENU)
