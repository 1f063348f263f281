"""The buttons below a poem, and what their presses mean."""

import re
from dataclasses import dataclass
from typing import Final

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.storage.poems import Tally

_PRESS: Final = re.compile(r"r:([1-9][0-9]{0,17}):([+-])")
_VALUES: Final = {"+": 1, "-": -1}


@dataclass(frozen=True)
class RatingPress:
    """A press of a rating button: +1 or -1 for a poem."""

    poem_id: int
    value: int


def rating_keyboard(poem_id: int, tally: Tally) -> InlineKeyboardMarkup:
    """👍 and 👎, each with its number unless that is 0."""
    buttons = [("👍", tally.up, "+"), ("👎", tally.down, "-")]
    return InlineKeyboardMarkup(
        [
            [
                InlineKeyboardButton(f"{thumb} {count}" if count else thumb, callback_data=f"r:{poem_id}:{sign}")
                for thumb, count, sign in buttons
            ]
        ]
    )


def rating_press(data: str | None) -> RatingPress | None:
    """What a button's data says; None for data that no rating button of ours has."""
    match = _PRESS.fullmatch(data or "")
    return RatingPress(int(match[1]), _VALUES[match[2]]) if match else None
