"""What the database says of the bot's work."""

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Executable, delete, insert, select, update
from sqlalchemy.orm import Session

from bot.storage import Database
from bot.storage.learning import Cause, JobState, Wish, beat, begin_job, end_job
from bot.storage.models import Broadcast, Chat, Delivery, InboxUpdate, Subscription, UnreachableChat, User, now
from bot.watching.figures import read_figures


async def test_of_an_empty_database(database: Database) -> None:
    figures = await read_figures(database)
    assert (figures.broadcasts, figures.inbox, figures.inbox_lag, figures.last_daily) == ((), 0, 0.0, None)
    assert figures.jobs == {"queued": 0, "running": 0, "done": 0, "failed": 0, "cancelled": 0}
    assert figures.beats == {}


async def test_of_a_bot_at_work(database: Database) -> None:
    database.transact(_at_work)
    figures = await read_figures(database)
    daily, message = sorted(figures.broadcasts, key=lambda one: one.kind)
    assert (daily.kind, daily.counts) == ("daily", {"sent": 2})
    assert daily.lag == 0.0
    assert (message.kind, message.counts) == ("message", {"pending": 2, "sent": 1})
    assert message.lag >= 600
    assert (figures.inbox, figures.inbox_lag >= 60) == (2, True)
    assert figures.last_daily is not None
    assert now() - figures.last_daily >= timedelta(seconds=3_700)
    assert (figures.jobs["queued"], figures.jobs["failed"]) == (1, 1)
    assert set(figures.beats) == {"worker-1"}


@pytest.mark.parametrize(
    "change",
    [
        delete(Subscription),
        update(Subscription).values(paused=True),
        insert(UnreachableChat).values(chat_id=1, since=now() + timedelta(hours=1), reason="it was left"),
        update(Broadcast).where(Broadcast.day.is_not(None)).values(day=(now() - timedelta(days=9)).date()),
    ],
    ids=["no subscription", "a paused one", "a chat that is left", "a poem of long ago"],
)
async def test_a_last_daily_poem_that_no_other_follows_is_not_told(database: Database, change: Executable) -> None:
    database.transact(_at_work)
    database.transact(partial(_one_day_alone, change=change))
    assert (await read_figures(database)).last_daily is None


def _one_day_alone(session: Session, change: Executable) -> None:
    days = select(Broadcast.id).where(Broadcast.kind == "daily", Broadcast.state == "done")
    session.execute(delete(Delivery).where(Delivery.broadcast_id.in_(days)))
    session.execute(delete(Broadcast).where(Broadcast.kind == "daily", Broadcast.state == "done"))
    session.execute(change)


def _at_work(session: Session) -> None:
    at = now()
    session.add_all(Chat(id=chat, kind="private", created_at=at, seen_at=at) for chat in (1, 2, 3))
    session.add(User(id=1, created_at=at, seen_at=at))
    session.flush()
    session.add(Subscription(chat_id=1, user_id=1, minute=450, zone="+08:00", paused=False, next_at=at, created_at=at))
    # Done ones are no matter, yesterday's poems are not the last.
    for state, kind, day, deliveries in (
        ("done", "message", None, {1: ("sent", 300)}),
        ("done", "daily", (at - timedelta(days=1)).date(), {1: ("sent", 90_000)}),
        ("running", "daily", at.date(), {1: ("sent", 7_000), 2: ("sent", 3_700)}),
        ("running", "message", None, {1: ("sent", 900), 2: ("pending", 600), 3: ("pending", 60)}),
    ):
        row = Broadcast(state=state, kind=kind, day=day, created_at=at)
        session.add(row)
        session.flush()
        session.add_all(
            Delivery(
                broadcast_id=row.id,
                chat_id=chat,
                state=reached,
                attempts=0,
                due_at=at - timedelta(seconds=late),
                changed_at=at,
            )
            for chat, (reached, late) in deliveries.items()
        )
    for update_id, late in ((1, 60), (2, 5)):
        received = at - timedelta(seconds=late)
        session.add(InboxUpdate(bot_id=1, update_id=update_id, chat_key=1, content="{}", received_at=received))
    begin_job(session, Wish("first", Cause.COMMAND))
    end_job(session, "first", JobState.FAILED, None)
    session.flush()
    begin_job(session, Wish("second", Cause.COMMAND))
    beat(session, "worker-1", "a machine")
