"""What the database says of the bot's work, read in short transactions, one a question."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.storage import Database
from bot.storage.learning import JobState, workers
from bot.storage.models import (
    Broadcast,
    Chat,
    Delivery,
    InboxUpdate,
    LearningJob,
    LearningWorker,
    Subscription,
    UnreachableChat,
    now,
)

_OPEN: Final = ("running", "cancelling")
# A day without a single poem sent is passed over; more of them are a matter for the alert.
_LOOKED_BACK: Final = timedelta(days=7)


@dataclass(frozen=True)
class Open:
    """A broadcast that is at work, or a day's poems."""

    id: int
    kind: str
    counts: Mapping[str, int]
    """Its deliveries by state."""
    lag: float
    """Seconds by which the one that waits longest is late."""


@dataclass(frozen=True)
class Figures:
    """All of it, as of one moment."""

    broadcasts: tuple[Open, ...]
    inbox: int
    """Updates that are not handled yet."""
    inbox_lag: float
    """Seconds since the oldest of them arrived."""
    last_daily: datetime | None
    """When the last daily poem that arrived was due; None if there was none in a week, or if nobody waits for one."""
    jobs: Mapping[str, int]
    """Fine-tunings by state."""
    beats: Mapping[str, datetime]
    """When each worker last said that it lives."""


async def read_figures(database: Database) -> Figures:
    """Ask the database; raises `SQLAlchemyError` when it does not answer."""
    inbox, inbox_lag = await database.run(_inbox)
    return Figures(
        broadcasts=await database.run(_open_broadcasts),
        inbox=inbox,
        inbox_lag=inbox_lag,
        last_daily=await database.run(_last_daily),
        jobs=await database.run(_jobs),
        beats=await database.run(_beats),
    )


def _open_broadcasts(session: Session) -> tuple[Open, ...]:
    rows = session.execute(
        select(Broadcast.id, Broadcast.kind).where(Broadcast.state.in_(_OPEN)).order_by(Broadcast.id)
    )
    return tuple(Open(row.id, row.kind, _counts(session, row.id), _lag(session, row.id)) for row in rows.all())


def _counts(session: Session, broadcast_id: int) -> dict[str, int]:
    query = (
        select(Delivery.state, func.count().label("chats"))
        .where(Delivery.broadcast_id == broadcast_id)
        .group_by(Delivery.state)
    )
    return {row.state: row.chats for row in session.execute(query)}


def _lag(session: Session, broadcast_id: int) -> float:
    first = select(func.min(Delivery.due_at)).where(Delivery.broadcast_id == broadcast_id, Delivery.state == "pending")
    return _since(session.scalar(first))


def _inbox(session: Session) -> tuple[int, float]:
    query = select(func.count(InboxUpdate.update_id), func.min(InboxUpdate.received_at))
    count, oldest = session.execute(query).one()
    return count, _since(oldest)


def _last_daily(session: Session) -> datetime | None:
    # When the last subscriber has left there is no next poem: the last one grows old, and nothing is wrong.
    if not _somebody_waits(session):
        return None
    days = (
        select(Broadcast.id)
        .where(Broadcast.kind == "daily", Broadcast.day >= (now() - _LOOKED_BACK).date())
        .order_by(Broadcast.day.desc())
    )
    return next(_last_sent(session, list(session.scalars(days))), None)


def _somebody_waits(session: Session) -> bool:
    """Whether a daily poem is to come to a chat that can be reached."""
    silent = (
        select(UnreachableChat.chat_id)
        .join(Chat, Chat.id == UnreachableChat.chat_id)
        .where(UnreachableChat.chat_id == Subscription.chat_id, UnreachableChat.since >= Chat.seen_at)
    )
    waiting = select(Subscription.chat_id).where(Subscription.paused.is_(False), ~silent.exists()).limit(1)
    return session.scalar(waiting) is not None


def _last_sent(session: Session, broadcast_ids: list[int]) -> Iterator[datetime]:
    for broadcast_id in broadcast_ids:
        # An index answers this at once; when it was sent, every row would have to be asked.
        last = select(func.max(Delivery.due_at)).where(Delivery.broadcast_id == broadcast_id, Delivery.state == "sent")
        if (moment := session.scalar(last)) is not None:
            yield moment


def _jobs(session: Session) -> dict[str, int]:
    query = select(LearningJob.state, func.count().label("jobs")).group_by(LearningJob.state)
    counted = {row.state: row.jobs for row in session.execute(query)}
    return {state.value: counted.get(state.value, 0) for state in JobState}


def _beats(session: Session) -> dict[str, datetime]:
    known: list[LearningWorker] = workers(session)
    return {worker.name: worker.beat_at for worker in known}


def _since(moment: datetime | None) -> float:
    return max(0.0, (now() - moment).total_seconds()) if moment is not None else 0.0
