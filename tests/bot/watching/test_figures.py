"""What the database says of the bot's work."""

from datetime import date, timedelta

from sqlalchemy.orm import Session

from bot.storage import Database
from bot.storage.learning import Cause, JobState, Wish, beat, begin_job, end_job
from bot.storage.models import Broadcast, Chat, Delivery, InboxUpdate, now
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


def _at_work(session: Session) -> None:
    at = now()
    session.add_all(Chat(id=chat, kind="private", created_at=at, seen_at=at) for chat in (1, 2, 3))
    session.flush()
    # Done ones are no matter, yesterday's poems are not the last.
    for state, kind, day, deliveries in (
        ("done", "message", None, {1: ("sent", 300)}),
        ("done", "daily", date(2026, 1, 1), {1: ("sent", 90_000)}),
        ("running", "daily", date(2026, 1, 2), {1: ("sent", 7_000), 2: ("sent", 3_700)}),
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
