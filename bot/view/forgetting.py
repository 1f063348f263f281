"""What readers see of /forget: the question, and its two buttons, which are theirs alone."""

import re
from dataclasses import dataclass
from typing import Final

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.view.messages import Say

_PRESS: Final = re.compile("x:(yes|no):([1-9][0-9]{0,17})")


@dataclass(frozen=True)
class ForgetPress:
    """A press of one of the buttons."""

    confirmed: bool
    user_id: int
    """Whom the question was put to."""


def forget_press(data: str | None) -> ForgetPress | None:
    """What a button's data says; None for data that none of these buttons has."""
    match = _PRESS.fullmatch(data or "")
    return ForgetPress(match[1] == "yes", int(match[2])) if match else None


def forget_keyboard(user_id: int, say: Say) -> InlineKeyboardMarkup:
    """Yes, and no."""
    return InlineKeyboardMarkup(
        [
            [InlineKeyboardButton(say.plain(f"forget-button-{what}"), callback_data=f"x:{what}:{user_id}")]
            for what in ("yes", "no")
        ]
    )
