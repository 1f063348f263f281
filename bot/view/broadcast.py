"""What an administrator sees of a broadcast: preview, progress, outcome, in one message that is edited."""

import re
from dataclasses import dataclass
from typing import Final

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.storage.broadcasts import Progress
from bot.view.messages import Say

_PRESS: Final = re.compile(r"b:(confirm|discard|cancel):([1-9][0-9]{0,17})")


@dataclass(frozen=True)
class BroadcastPress:
    """A press of confirm, discard or cancel."""

    what: str
    broadcast_id: int


def broadcast_press(data: str | None) -> BroadcastPress | None:
    """What a button's data says; None for data that no button of a broadcast has."""
    match = _PRESS.fullmatch(data or "")
    return BroadcastPress(match[1], int(match[2])) if match else None


def draft_keyboard(broadcast_id: int, say: Say) -> InlineKeyboardMarkup:
    """Send it, or not."""
    return _row(broadcast_id, ("confirm", "discard"), say)


def progress_keyboard(progress: Progress, say: Say) -> InlineKeyboardMarkup | None:
    """Stop, while that does something."""
    return _row(progress.broadcast_id, ("cancel",), say) if progress.state == "running" else None


def progress_message(progress: Progress, say: Say) -> str:
    """How far it is; a delivery whose end nobody knows is called so."""
    if progress.state == "discarded":
        return say("broadcast-discarded")
    return say(
        "broadcast-progress",
        state=say(f"broadcast-{progress.state}"),
        total=progress.total,
        gathering="no" if progress.gathered else "yes",
        **{state: progress.count(state) for state in ("sent", "pending", "sending", "failed", "unknown", "cancelled")},
    )


def _row(broadcast_id: int, buttons: tuple[str, ...], say: Say) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(
        [
            [
                InlineKeyboardButton(say.plain(f"broadcast-button-{what}"), callback_data=f"b:{what}:{broadcast_id}")
                for what in buttons
            ]
        ]
    )
