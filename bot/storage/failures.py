"""Unhandled errors, counted: the last of them, so that the table never grows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot.storage.models import Failure
from bot.storage.upserts import insert_or_ignore

KEPT: Final = 100
"""Different errors that are kept; the one that came longest ago goes first."""

_SHOWN: Final = 10


@dataclass(frozen=True)
class Happened:
    """What is told of an error: where it came from and what it is, never its message."""

    kind: str
    handler: str
    place: str
    update_id: int | None


def note_failure(session: Session, happened: Happened, at: datetime) -> None:
    """Count an error."""
    error = {"kind": happened.kind, "handler": happened.handler, "place": happened.place}
    is_new = insert_or_ignore(session, Failure, {**error, "times": 0, "first_at": at, "last_at": at})
    counted = {"times": Failure.times + 1, "last_at": at, "update_id": happened.update_id}
    session.execute(update(Failure).filter_by(**error).values(counted))
    if is_new:
        kept = select(Failure.id).order_by(Failure.last_at.desc(), Failure.id.desc()).limit(KEPT)
        session.execute(delete(Failure).where(Failure.id.not_in(kept)))


def last_failures(session: Session, most: int = _SHOWN) -> list[Failure]:
    """The errors that came last, the newest first."""
    return list(session.scalars(select(Failure).order_by(Failure.last_at.desc(), Failure.id.desc()).limit(most)))
