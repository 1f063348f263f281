"""Who gets a day's poem, and when: each chat one a day, whatever its reader sets meanwhile."""

from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Final

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.daily.hours import Hour
from bot.storage import Database, ledger
from bot.storage.bans import ban
from bot.storage.models import Broadcast, Chat, Delivery, User
from bot.storage.subscriptions import pause, plan_due, resume, skip_late, subscribe

DAY: Final = date(2026, 3, 2)


def _at(clock: str, day: date = DAY) -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}+00:00").astimezone(UTC)


@pytest.fixture
def ready(database: Database) -> Database:
    """One reader in their private chat."""

    def work(session: Session) -> None:
        session.add(User(id=1))
        session.add(Chat(id=1, kind="private", seen_at=_at("06:00")))

    database.transact(work)
    return database


def _set(database: Database, clock: str, at: datetime) -> datetime:
    """Set the hour; when the reader is told the next poem comes."""
    hour = Hour(int(clock[:2]) * 60 + int(clock[3:]), "+00:00")
    return database.transact(partial(subscribe, chat_id=1, user_id=1, hour=hour, at=at)).next_at


def _plan(database: Database, at: datetime) -> None:
    database.transact(partial(plan_due, at=at, page=10))


def _settle(database: Database, state: str) -> None:
    database.transact(lambda session: session.execute(update(Delivery).values(state=state)))


def _states(database: Database) -> list[tuple[date | None, str]]:
    query = select(Broadcast.day, Delivery.state).join(Delivery).order_by(Broadcast.day)
    return [(day, state) for day, state in database.transact(lambda session: session.execute(query).all())]


def _upcoming(database: Database, at: datetime) -> int:
    return len(database.transact(lambda session: skip_late(session, ledger.upcoming(session, at, 10), at)))


def test_who_had_todays_poem_is_told_of_tomorrow(ready: Database) -> None:
    assert _set(ready, "07:30", _at("07:00")) == _at("07:30")
    _plan(ready, _at("07:30"))
    # On its way, or there: at another hour no other comes.
    for state in ("pending", "sent", "unknown"):
        _settle(ready, state)
        assert _set(ready, "20:00", _at("07:31")) == _at("20:00", DAY + timedelta(days=1))


def test_what_was_called_off_or_missed_comes_at_the_hour_set_since(ready: Database) -> None:
    _set(ready, "07:30", _at("07:00"))
    _plan(ready, _at("07:30"))
    ready.transact(partial(pause, chat_id=1, at=_at("07:31")))
    standing = ready.transact(partial(resume, chat_id=1, at=_at("07:32")))
    assert standing is not None
    assert standing.next_at == _at("07:30", DAY + timedelta(days=1))
    assert _set(ready, "20:00", _at("07:33")) == _at("20:00")
    _plan(ready, _at("20:00"))
    assert _states(ready) == [(DAY, "pending")]
    assert _upcoming(ready, _at("20:00")) == 1


def test_what_waited_for_too_long_is_missed(ready: Database) -> None:
    _set(ready, "07:30", _at("07:00"))
    _plan(ready, _at("07:30"))
    # The server was away, and every try moved the next one on.
    ready.transact(lambda session: session.execute(update(Delivery).values(due_at=_at("13:20"), attempts=5)))
    assert _upcoming(ready, _at("13:29")) == 1
    assert _upcoming(ready, _at("13:31")) == 0
    assert _states(ready) == [(DAY, "skipped")]


def test_a_banned_reader_leaves_nothing_waiting(ready: Database) -> None:
    _set(ready, "07:30", _at("07:00"))
    _plan(ready, _at("07:30"))
    assert ready.transact(partial(ban, user_id=1, reason=None, by=7))
    assert _states(ready) == [(DAY, "cancelled")]
