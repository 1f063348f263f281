"""What came of deliveries, written into the ledger: of those alone that the sender has in hand.

A row comes back to `pending` only when it was surely not sent.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.orm import Session

from bot.storage.chats import move_chat
from bot.storage.models import Delivery, Poem, UnreachableChat
from bot.storage.upserts import insert_or_update

# An unknown one too: its own sender, thought dead, may know more.
_OPEN: Final = or_(Delivery.state == "sending", Delivery.state == "unknown")

_SENT: Final = (
    update(Delivery)
    .where(Delivery.id == bindparam("b_id"), Delivery.sender == bindparam("b_sender"), _OPEN)
    .values(state="sent", message_id=bindparam("b_message"), reason=None, changed_at=bindparam("b_at"))
)
_POEM_SENT: Final = (
    update(Poem)
    .where(
        Poem.id
        == select(Delivery.poem_id)
        .where(Delivery.id == bindparam("b_id"), Delivery.sender == bindparam("b_sender"), Delivery.state == "sent")
        .scalar_subquery()
    )
    .values(message_id=bindparam("b_message"))
)


class Outcome(StrEnum):
    """What came of sending one message."""

    SENT = "sent"
    FAILED = "failed"
    """The server refused it for good."""
    UNREACHABLE = "unreachable"
    """The server refused it for good, and will refuse whatever else the chat is sent."""
    UNKNOWN = "unknown"
    """The request was written, and no answer came."""
    AGAIN = "again"
    """Surely not sent, and it may be in a while."""
    MOVED = "moved"
    """Surely not sent: the chat has another id now."""


@dataclass(frozen=True)
class Settled:
    """A delivery that is no longer in hand."""

    delivery_id: int
    chat_id: int
    outcome: Outcome
    message_id: int | None = None
    reason: str | None = None
    wait: float = 0.0
    """For AGAIN: seconds until then."""
    counted: bool = True
    """For AGAIN: whether it counts among the attempts that a delivery has."""
    new_chat_id: int | None = None
    """For MOVED."""


def settle(session: Session, sender: str, settled: Iterable[Settled], at: datetime) -> None:
    """Write down what came of deliveries; those that this sender no longer has in hand stay as they are."""
    sent = []
    for one in settled:
        if one.outcome is Outcome.SENT:
            sent.append({"b_id": one.delivery_id, "b_message": one.message_id, "b_sender": sender, "b_at": at})
        elif one.outcome is Outcome.MOVED and one.new_chat_id is not None:
            _back(session, sender, one, at)
            move_chat(session, one.chat_id, one.new_chat_id)
        elif one.outcome in (Outcome.AGAIN, Outcome.MOVED):
            _back(session, sender, one, at)
        else:
            _end(session, sender, one, at)
    if sent:
        # The many, and all alike.
        connection = session.connection()
        connection.execute(_SENT, sent)
        connection.execute(_POEM_SENT, sent)


def _end(session: Session, sender: str, settled: Settled, at: datetime) -> None:
    """Any end but that it was sent."""
    state = "failed" if settled.outcome is Outcome.UNREACHABLE else settled.outcome.value
    ended = session.execute(
        update(Delivery)
        .where(Delivery.id == settled.delivery_id, Delivery.sender == sender, _OPEN)
        .values(state=state, message_id=None, reason=_short(settled.reason), changed_at=at)
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if ended is not None and settled.outcome is Outcome.UNREACHABLE:
        row = {"chat_id": settled.chat_id, "since": at, "reason": _short(settled.reason) or "unreachable"}
        insert_or_update(session, UnreachableChat, row, {"since", "reason"})


def _back(session: Session, sender: str, settled: Settled, at: datetime) -> None:
    """Let it be sent again, by anyone. Not an unknown one: it would go a second time if a recovery crossed it."""
    session.execute(
        update(Delivery)
        .where(Delivery.id == settled.delivery_id, Delivery.sender == sender, Delivery.state == "sending")
        .values(
            state="pending",
            sender=None,
            attempts=Delivery.attempts + (1 if settled.counted else 0),
            due_at=at + timedelta(seconds=settled.wait),
            reason=_short(settled.reason),
            changed_at=at,
        )
        .execution_options(synchronize_session=False)
    )


def _short(reason: str | None) -> str | None:
    return reason[:200] if reason else None
