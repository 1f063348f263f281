"""The ledger of deliveries: who sends what now. What came of it is written down by `bot.storage.settling`.

A row is committed as `sending` before the first byte goes out, by one sender that holds a lease. It comes back to
`pending` only when it was surely not sent. A sender that dies leaves its rows behind; when its lease has run out they
become `unknown`, and nobody sends them again. All processes on one database take their messages' times from one row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot.daily.hours import Hour
from bot.storage.models import Broadcast, Delivery, Poem, Sender, SendingRate, Subscription, User
from bot.storage.preferences import COLUMNS, Preference
from bot.storage.upserts import insert_or_ignore, insert_or_update

# A sender renews its lease several times a second while it has something in hand. One that is held up for longer loses
# little: what it knows of its deliveries it still writes down.
LEASE: Final = timedelta(seconds=6)
# What a stall cost may be made up within this many seconds; more would be a burst that other senders' messages join.
_SLACK_S: Final = 0.25
_RATE_ROW: Final = 1


@dataclass(frozen=True)
class Upcoming:
    """A daily poem that is to be written before it is claimed."""

    delivery_id: int
    chat_id: int
    user_id: int
    preference: Preference
    day: date
    hour: Hour
    """When the chat wants it."""


@dataclass(frozen=True)
class Prepared:
    """A daily poem that is written, and its row, which is kept when the delivery is claimed."""

    upcoming: Upcoming
    row: Poem


@dataclass(frozen=True)
class InHand:
    """A delivery that is this sender's to send, now."""

    delivery_id: int
    chat_id: int
    broadcast_id: int
    attempts: int
    poem_id: int | None


@dataclass(frozen=True)
class Claim:
    """What a sender may send, and from when on (seconds since 1970), at the pace of the limit."""

    deliveries: Sequence[InHand]
    start: float


@dataclass(frozen=True)
class Asking:
    """What a sender asks for."""

    sender: str
    at: datetime
    limit: float
    """Messages a second, of all senders together; 0: as fast as can be."""
    most: int
    """How many it could send now."""
    answers: int = 0
    """Messages it has sent outside the ledger since it last asked: they use up the limit too."""
    ahead: float = 0.1
    """How many seconds before its turn it claims."""


def upcoming(session: Session, at: datetime, most: int) -> list[Upcoming]:
    """The daily poems that are to be sent next."""
    query = (
        select(Delivery.id, Delivery.chat_id, Subscription.user_id, Broadcast.day)
        .add_columns(Subscription.minute, Subscription.zone, *COLUMNS)
        .join(Broadcast, Broadcast.id == Delivery.broadcast_id)
        .join(Subscription, Subscription.chat_id == Delivery.chat_id)
        .join(User, User.id == Subscription.user_id)
        .where(
            Broadcast.kind == "daily",
            Broadcast.state == "running",
            Delivery.state == "pending",
            Delivery.due_at <= at,
        )
        .order_by(Delivery.due_at, Delivery.id)
        .limit(most)
    )
    rows = session.execute(query)
    return [
        Upcoming(id_, chat_id, user_id, Preference(*known), day, Hour(minute, zone))
        for id_, chat_id, user_id, day, minute, zone, *known in rows
        if day
    ]


def claim(session: Session, asking: Asking, prepared: Sequence[Prepared] = ()) -> Claim:
    """Take deliveries in hand, those that are prepared first; none before this sender's turn comes."""
    rate = _locked_rate(session)
    moment, each = asking.at.timestamp(), 1 / asking.limit if asking.limit > 0 else 0.0
    if asking.answers:
        rate.next_at = max(rate.next_at, moment - _SLACK_S) + asking.answers * each
    start = max(rate.next_at, rate.paused_until, moment - _SLACK_S)
    if start > moment + asking.ahead:
        return Claim((), start)
    most = min(asking.most, _due(asking, start))
    ours = [one for one in (_claim_prepared(session, asking, poem) for poem in prepared[:most]) if one]
    if len(ours) < most:
        ours += _claim_messages(session, asking, most - len(ours))
    if ours:
        keep_lease(session, asking.sender, asking.at)
        rate.next_at = start + len(ours) * each
    return Claim(ours, max(start, moment))


def pause_sending(session: Session, until: float) -> None:
    """No sender sends from the ledger before `until`, seconds since 1970: the server asked for it."""
    rate = _locked_rate(session)
    rate.paused_until = max(rate.paused_until, until)


def keep_lease(session: Session, sender: str, at: datetime) -> None:
    """Say that this sender is alive."""
    insert_or_update(session, Sender, {"id": sender, "lease_until": at + LEASE}, {"lease_until"})


def leave(session: Session, sender: str) -> None:
    """This sender has nothing in hand and goes."""
    in_hand = select(Delivery.id).where(Delivery.state == "sending", Delivery.sender == sender)
    session.execute(delete(Sender).where(Sender.id == sender, ~in_hand.exists()))


def recover(session: Session, at: datetime) -> int:
    """Call unknown what dead senders had in hand; how many deliveries that is."""
    dead = select(Sender.id).where(Sender.lease_until < at)
    ids = session.scalars(dead).all()
    if not ids:
        return 0
    lost = session.execute(
        update(Delivery)
        .where(
            Delivery.broadcast_id.in_(select(Broadcast.id).where(Broadcast.state.in_(("running", "cancelling")))),
            Delivery.state == "sending",
            Delivery.sender.in_(ids),
        )
        .values(state="unknown", reason="its sender died", changed_at=at)
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    ).all()
    # Again the condition: one that was only slow may have renewed its lease meanwhile.
    session.execute(delete(Sender).where(Sender.id.in_(ids), Sender.lease_until < at))
    return len(lost)


def open_broadcasts(session: Session) -> list[tuple[int, str, bool]]:
    """Administrators' broadcasts that are at work: id, state, and whether all recipients are taken down."""
    query = (
        select(Broadcast.id, Broadcast.state, Broadcast.gathered_at)
        .where(Broadcast.kind == "message", Broadcast.state.in_(("running", "cancelling")))
        .order_by(Broadcast.id)
    )
    return [(row.id, row.state, row.gathered_at is not None) for row in session.execute(query)]


def text_of(session: Session, broadcast_id: int) -> str | None:
    """What an administrator's broadcast says."""
    return session.scalar(select(Broadcast.text).where(Broadcast.id == broadcast_id))


def _due(asking: Asking, start: float) -> int:
    """How many messages' times come before the sender has asked again, counted from `start`, when the next may go."""
    if asking.limit <= 0:
        return asking.most
    return 1 + int((asking.at.timestamp() + asking.ahead - start) * asking.limit)


def _locked_rate(session: Session) -> SendingRate:
    """The row of the shared limit, which nobody else has until the transaction ends."""
    rate = session.get(SendingRate, _RATE_ROW, with_for_update=True)
    if rate is None:
        insert_or_ignore(session, SendingRate, {"id": _RATE_ROW, "next_at": 0.0, "paused_until": 0.0})
        rate = session.get_one(SendingRate, _RATE_ROW, with_for_update=True)
    return rate


def _claim_prepared(session: Session, asking: Asking, prepared: Prepared) -> InHand | None:
    found = session.execute(
        update(Delivery)
        .where(Delivery.id == prepared.upcoming.delivery_id, Delivery.state == "pending")
        .values(state="sending", sender=asking.sender, changed_at=asking.at)
        .returning(Delivery.broadcast_id, Delivery.attempts, Delivery.poem_id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if found is None:
        return None
    poem_id = found.poem_id
    if poem_id is None:
        session.add(prepared.row)
        session.flush()
        poem_id = prepared.row.id
        session.execute(update(Delivery).where(Delivery.id == prepared.upcoming.delivery_id).values(poem_id=poem_id))
    chat_id = prepared.upcoming.chat_id
    return InHand(prepared.upcoming.delivery_id, chat_id, found.broadcast_id, found.attempts, poem_id)


def _claim_messages(session: Session, asking: Asking, most: int) -> list[InHand]:
    """The next of the oldest broadcast that has any."""
    for broadcast_id, state, _ in open_broadcasts(session):
        if state != "running":
            continue
        ids = (
            select(Delivery.id)
            .where(Delivery.broadcast_id == broadcast_id, Delivery.state == "pending", Delivery.due_at <= asking.at)
            .order_by(Delivery.due_at, Delivery.id)
            .limit(most)
            .with_for_update(skip_locked=True)
        )
        # Two statements: PostgreSQL may look at a subquery that locks more than once.
        chosen = session.scalars(ids).all()
        if not chosen:
            continue
        rows = session.execute(
            update(Delivery)
            .where(Delivery.id.in_(chosen), Delivery.state == "pending")
            .values(state="sending", sender=asking.sender, changed_at=asking.at)
            .returning(Delivery.id, Delivery.chat_id, Delivery.broadcast_id, Delivery.attempts, Delivery.poem_id)
            .execution_options(synchronize_session=False)
        )
        return [InHand(*row) for row in rows]
    return []
