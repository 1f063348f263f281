"""What readers see of the daily poem: its settings, its buttons, the poem itself."""

import re
from datetime import datetime
from typing import Final

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.daily.hours import zone_of
from bot.storage.subscriptions import Standing
from bot.view.messages import Say

_PRESS: Final = re.compile(r"d:(pause|resume|stop)")


def daily_press(data: str | None) -> str | None:
    """Which of the buttons below it was pressed: pause, resume or stop; None for data that is not theirs."""
    match = _PRESS.fullmatch(data or "")
    return match[1] if match else None


def standing_message(standing: Standing, at: datetime, say: Say) -> str:
    """A subscription in words, with the time of the place where the reader is, for them to see that it is right."""
    hour = standing.hour
    if standing.paused:
        return say("daily-paused", clock=hour.clock, zone=hour.zone)
    zone = zone_of(hour.zone)
    return say(
        "daily-set",
        clock=hour.clock,
        zone=hour.zone,
        there=f"{at.astimezone(zone):%H:%M}",
        day=f"{standing.next_at.astimezone(zone):%Y-%m-%d %H:%M}",
    )


def standing_keyboard(standing: Standing, say: Say) -> InlineKeyboardMarkup:
    """Pause or resume, and stop."""
    first = "resume" if standing.paused else "pause"
    return InlineKeyboardMarkup(
        [
            [
                InlineKeyboardButton(say.plain(f"daily-button-{what}"), callback_data=f"d:{what}")
                for what in (first, "stop")
            ]
        ]
    )
