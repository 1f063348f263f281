"""The keyboards of /compose, and what their presses mean: all that was chosen so far is in their data."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.view.keyboards import in_script
from bot.view.messages import Say
from poetcore.prosody import FORMS
from poetcore.script import Script

BEGINNINGS: Final = "日紅山夜湖海月風花雪春秋"
ANY: Final = "any"
NONE: Final = "none"
TYPED: Final = "typed"

_A_ROW: Final = 4
_PRESS: Final = re.compile(
    f"c:([1-9][0-9]{{0,18}})(?::({ANY}|{'|'.join(FORMS)})(?::({NONE}|{TYPED}|[{BEGINNINGS}]))?)?"
)


@dataclass(frozen=True)
class Choice:
    """A press: whose keyboard it is, and what they chose so far; None: not yet."""

    user_id: int
    form: str | None = None
    """The name of a form, or `ANY`."""
    beginning: str | None = None
    """One of `BEGINNINGS`, `NONE`, or `TYPED`."""


def choice_pressed(data: str | None) -> Choice | None:
    """What a button's data says; None for data that no button of /compose has."""
    match = _PRESS.fullmatch(data or "")
    return Choice(int(match[1]), match[2], match[3]) if match else None


def form_choice(user_id: int, script: Script, say: Say) -> InlineKeyboardMarkup:
    """First the form; or none of all this, but a poem at once."""
    forms = [_button(in_script(name, script), user_id, name) for name in FORMS]
    surprise = _button(say.plain("choose-surprise"), user_id, ANY, NONE)
    return InlineKeyboardMarkup([[surprise], *_rows(forms, 2), [_button(say.plain("choose-any-form"), user_id, ANY)]])


def beginning_choice(user_id: int, form: str, script: Script, say: Say) -> InlineKeyboardMarkup:
    """Then the beginning."""
    signs = [_button(in_script(sign, script), user_id, form, sign) for sign in BEGINNINGS]
    others = [
        _button(say.plain("choose-none"), user_id, form, NONE),
        _button(say.plain("choose-typed"), user_id, form, TYPED),
    ]
    return InlineKeyboardMarkup([*_rows(signs, _A_ROW), others, [_button(say.plain("poem-back"), user_id)]])


def _rows(buttons: Sequence[InlineKeyboardButton], length: int) -> list[list[InlineKeyboardButton]]:
    return [list(buttons[start : start + length]) for start in range(0, len(buttons), length)]


def _button(text: str, user_id: int, *chosen: str) -> InlineKeyboardButton:
    return InlineKeyboardButton(text, callback_data=":".join(("c", str(user_id), *chosen)))
