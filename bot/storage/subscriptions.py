"""Who wants a poem every day, and what of it is due: planned into the ledger, each chat and day once."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot.daily.hours import Due, Hour, due_after, due_between, due_on
from bot.storage.ledger import Upcoming
from bot.storage.models import Broadcast, Chat, Delivery, Subscription, UnreachableChat
from bot.storage.upserts import insert_or_ignore, insert_or_update

# A poem for the morning is none any more in the afternoon: what nobody sent until then is missed.
MISSED_AFTER: Final = timedelta(hours=6)
# A bot that was away for long takes down this many days that it missed.
_DAYS_TAKEN_DOWN: Final = 31

# Of a day's poem that nobody got, nor will.
_NOT_SENT: Final = ("cancelled", "skipped")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Standing:
    """A chat's subscription as it is."""

    hour: Hour
    paused: bool
    next_at: datetime


def subscribe(session: Session, *, chat_id: int, user_id: int, hour: Hour, at: datetime) -> Standing:
    """Send the chat a poem every day from now on, or from now on at another hour."""
    next_at = _next_due(session, chat_id, hour, at)
    row = {"chat_id": chat_id, "user_id": user_id, "minute": hour.minute, "zone": hour.zone, "paused": False}
    insert_or_update(
        session,
        Subscription,
        {**row, "next_at": next_at, "created_at": at},
        {"user_id", "minute", "zone", "paused", "next_at"},
    )
    return Standing(hour, paused=False, next_at=next_at)


def subscription(session: Session, chat_id: int) -> Standing | None:
    """The chat's subscription, if it has one."""
    row = session.get(Subscription, chat_id)
    return _standing(row) if row is not None else None


def pause(session: Session, chat_id: int, at: datetime) -> Standing | None:
    """Send nothing until it is resumed, not even what is waiting to be sent; None without a subscription."""
    row = session.get(Subscription, chat_id)
    if row is None:
        return None
    row.paused = True
    call_off(session, chat_id, at)
    return _standing(row)


def resume(session: Session, chat_id: int, at: datetime) -> Standing | None:
    """Send again, from the next hour on; None without a subscription."""
    row = session.get(Subscription, chat_id)
    if row is None:
        return None
    row.paused, row.next_at = False, _next_due(session, chat_id, _hour(row), at)
    return _standing(row)


def unsubscribe(session: Session, chat_id: int, at: datetime) -> bool:
    """Send nothing any more; whether there was a subscription."""
    call_off(session, chat_id, at)
    found = session.execute(
        delete(Subscription).where(Subscription.chat_id == chat_id).returning(Subscription.chat_id)
    ).all()
    return bool(found)


def call_off(session: Session, chat_id: int, at: datetime) -> None:
    """Do not send the chat what is planned for it."""
    daily = select(Broadcast.id).where(Broadcast.kind == "daily")
    session.execute(
        update(Delivery)
        .where(Delivery.chat_id == chat_id, Delivery.state == "pending", Delivery.broadcast_id.in_(daily))
        .values(state="cancelled", changed_at=at)
        .execution_options(synchronize_session=False)
    )


def plan_due(session: Session, at: datetime, page: int) -> int:
    """Take into the ledger what is due at `at`, of up to `page` chats; how many chats that was.

    What is late by more than `MISSED_AFTER` is taken down as skipped. Several processes may plan at once: a row is
    unique, and on PostgreSQL each takes other chats.
    """
    query = (
        select(Subscription)
        .where(Subscription.paused.is_(False), Subscription.next_at <= at)
        .order_by(Subscription.next_at)
        .limit(page)
        .with_for_update(skip_locked=True)
    )
    rows = session.scalars(query).all()
    silent = _unreachable(session, [row.chat_id for row in rows])
    for row in rows:
        _plan(session, row, at, reachable=row.chat_id not in silent)
    return len(rows)


def close_old_days(session: Session, at: datetime) -> None:
    """Days that are over everywhere, with nothing left to send, need no further look."""
    unfinished = select(Delivery.id).where(
        Delivery.broadcast_id == Broadcast.id, Delivery.state.in_(("pending", "sending"))
    )
    session.execute(
        update(Broadcast)
        .where(
            Broadcast.kind == "daily",
            Broadcast.state == "running",
            Broadcast.day < (at - timedelta(days=3)).date(),
            ~unfinished.exists(),
        )
        .values(state="done", finished_at=at)
        .execution_options(synchronize_session=False)
    )


def skip_late(session: Session, upcoming: Iterable[Upcoming], at: datetime) -> list[Upcoming]:
    """Take down as missed what can no longer be sent in time, for whatever reason it waited; the others."""
    waiting = list(upcoming)
    late = [one.delivery_id for one in waiting if _is_late(one, at)]
    if late:
        session.execute(
            update(Delivery)
            .where(Delivery.id.in_(late), Delivery.state == "pending")
            .values(state="skipped", reason="missed", changed_at=at)
            .execution_options(synchronize_session=False)
        )
    return [one for one in waiting if one.delivery_id not in late]


def _plan(session: Session, row: Subscription, at: datetime, *, reachable: bool) -> None:
    try:
        # A little before: the moment that is stored is itself due.
        since = max(row.next_at - timedelta(seconds=1), at - timedelta(days=_DAYS_TAKEN_DOWN))
        due = list(due_between(since, at, _hour(row)))
        row.next_at = due_after(at, _hour(row)).at
    except KeyError:
        _log.warning("the zone %s is no longer known; the daily poem of a chat is paused", row.zone)
        row.paused = True
        return
    if reachable:
        _take_down(session, row.chat_id, due, at)


def _take_down(session: Session, chat_id: int, due: Sequence[Due], at: datetime) -> None:
    for one in due:
        missed = at - one.at > MISSED_AFTER
        delivery = _delivery(_day(session, one.day, at), chat_id, at, missed=missed)
        new = insert_or_ignore(session, Delivery, delivery)
        if not missed and (new or _revive(session, delivery)):
            _overtake(session, chat_id, one.day, at)


def _next_due(session: Session, chat_id: int, hour: Hour, at: datetime) -> datetime:
    """When the next poem comes: today, if the hour is yet to come and today's poem did not come at another one."""
    query = (
        select(Broadcast.day)
        .join(Delivery, Delivery.broadcast_id == Broadcast.id)
        .where(Broadcast.kind == "daily", Broadcast.day >= (at - timedelta(days=2)).date())
        .where(Delivery.chat_id == chat_id, Delivery.state.not_in(_NOT_SENT))
    )
    had = set(session.scalars(query))
    due = due_after(at, hour)
    while due.day in had:
        due = due_after(due.at, hour)
    return due.at


def _revive(session: Session, delivery: dict[str, Any]) -> bool:
    """Send a day's poem after all that was called off or missed, at the hour that was set since."""
    revived = session.execute(
        update(Delivery)
        .where(Delivery.broadcast_id == delivery["broadcast_id"], Delivery.chat_id == delivery["chat_id"])
        .where(Delivery.state.in_(_NOT_SENT))
        .values(state="pending", reason=None, due_at=delivery["due_at"], changed_at=delivery["changed_at"])
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    ).all()
    return bool(revived)


def _delivery(broadcast_id: int, chat_id: int, at: datetime, *, missed: bool) -> dict[str, Any]:
    return {
        "broadcast_id": broadcast_id,
        "chat_id": chat_id,
        "state": "skipped" if missed else "pending",
        "reason": "missed" if missed else None,
        "attempts": 0,
        "due_at": at,
        "changed_at": at,
    }


def _day(session: Session, day: date, at: datetime) -> int:
    """The id of the day's row among the broadcasts, made when it is new."""
    found = select(Broadcast.id).where(Broadcast.kind == "daily", Broadcast.day == day)
    known = session.scalar(found)
    if known is None:
        row = {"kind": "daily", "state": "running", "day": day, "created_at": at, "started_at": at}
        insert_or_ignore(session, Broadcast, row)
        known = session.execute(found).scalar_one()
    return known


def _overtake(session: Session, chat_id: int, day: date, at: datetime) -> None:
    """Yesterday's poem is not sent any more when today's is due."""
    earlier = select(Broadcast.id).where(Broadcast.kind == "daily", Broadcast.day < day)
    session.execute(
        update(Delivery)
        .where(Delivery.chat_id == chat_id, Delivery.state == "pending", Delivery.broadcast_id.in_(earlier))
        .values(state="skipped", reason="overtaken", changed_at=at)
        .execution_options(synchronize_session=False)
    )


def _unreachable(session: Session, chat_ids: Iterable[int]) -> set[int]:
    query = (
        select(UnreachableChat.chat_id)
        .join(Chat, Chat.id == UnreachableChat.chat_id)
        .where(UnreachableChat.chat_id.in_(list(chat_ids)), UnreachableChat.since >= Chat.seen_at)
    )
    return set(session.scalars(query))


def _is_late(upcoming: Upcoming, at: datetime) -> bool:
    try:
        due = due_on(upcoming.day, upcoming.hour)
    except KeyError:
        return False
    return due is not None and at - due.at > MISSED_AFTER


def _hour(row: Subscription) -> Hour:
    return Hour(row.minute, row.zone)


def _standing(row: Subscription) -> Standing:
    return Standing(_hour(row), row.paused, row.next_at)
