"""What administrators did: written in the same transaction as the deed."""

from collections.abc import Callable
from enum import StrEnum
from typing import Final, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.storage.models import AuditEntry

Result = TypeVar("Result")

_SHOWN: Final = 20


class Action(StrEnum):
    """What there is to be done."""

    BAN = "ban"
    UNBAN = "unban"
    BROADCAST = "broadcast"
    BROADCAST_STOP = "broadcast stop"
    RETRAIN = "retrain"
    RETRAIN_STOP = "retrain stop"
    PROMOTE = "promote"
    KEEP_BACK = "keep back"
    ROLL_BACK = "roll back"


def note(session: Session, who: str, action: Action, subject: str | None = None) -> None:
    """Note that `who`, an administrator's id or "cli", did something."""
    session.add(AuditEntry(who=who, action=action.value, subject=subject))


def audited(
    work: Callable[[Session], Result], who: str, action: Action, subject: str | None = None
) -> Callable[[Session], Result]:
    """`work`, and a note of it if it says that something was done (anything but None, False or 0)."""

    def both(session: Session) -> Result:
        result = work(session)
        if result:
            note(session, who, action, subject)
        return result

    return both


def last_entries(session: Session, most: int = _SHOWN) -> list[AuditEntry]:
    """What was done last, the newest first."""
    return list(session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(most)))
