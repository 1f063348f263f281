"""An administrator's message to every chat: drafted, confirmed, its recipients taken down, followed, called off."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import Select, and_, func, insert, literal, or_, select, update
from sqlalchemy.orm import Session

from bot.storage.models import Broadcast, Chat, Delivery, UnreachableChat
from bot.storage.preferences import Preference, preference_of

# Rows a transaction: some 20 ms, in which nobody else can write to SQLite.
PAGE: Final = 1_000

Ended = Literal["done", "cancelled"]


@dataclass(frozen=True)
class Progress:
    """How far a broadcast is: the count of deliveries in each state."""

    broadcast_id: int
    state: str
    counts: Mapping[str, int]
    chat_id: int | None
    message_id: int | None
    admin_id: int | None
    preference: Preference
    """The administrator's."""
    gathered: bool
    """Whether all recipients are taken down."""

    @property
    def total(self) -> int:
        """How many chats it goes to, as far as they are taken down."""
        return sum(self.counts.values())

    def count(self, state: str) -> int:
        """How many deliveries are in a state."""
        return self.counts.get(state, 0)


def draft(session: Session, *, admin_id: int, chat_id: int, text: str, at: datetime) -> int:
    """Keep a message that waits to be confirmed; its id."""
    row = Broadcast(kind="message", state="draft", admin_id=admin_id, chat_id=chat_id, text=text, created_at=at)
    session.add(row)
    session.flush()
    return row.id


def note_control(session: Session, broadcast_id: int, message_id: int | None) -> None:
    """Keep which message of the administrator's chat shows the progress."""
    session.execute(update(Broadcast).where(Broadcast.id == broadcast_id).values(message_id=message_id))


def count_recipients(session: Session) -> int:
    """To how many chats a broadcast would go now."""
    return session.scalar(_reachable(select(func.count(Chat.id)))) or 0


def confirm(session: Session, broadcast_id: int, admin_id: int, at: datetime) -> bool:
    """Begin to send a draft; False if it is none of this administrator's any more."""
    return _change(session, broadcast_id, admin_id, ("draft",), state="running", started_at=at)


def call_off(session: Session, broadcast_id: int, admin_id: int) -> bool:
    """Send no more of it; False if there was nothing to call off."""
    if _change(session, broadcast_id, admin_id, ("draft",), state="discarded"):
        return True
    return _change(session, broadcast_id, admin_id, ("running",), state="cancelling")


def gather(session: Session, broadcast_id: int, at: datetime, page: int = PAGE) -> bool:
    """Take down the next page of recipients, those that were there when it began; False when all are.

    Rows go from table to table inside the database: a million of them take no memory here.
    """
    row = session.get(Broadcast, broadcast_id, with_for_update=True)
    if row is None or row.state != "running" or row.gathered_at is not None:
        return False
    after = row.cursor
    page_of_ids = _reachable(select(Chat.id)).where(Chat.created_at <= row.started_at).order_by(Chat.id).limit(page)
    if after is not None:
        page_of_ids = page_of_ids.where(Chat.id > after)
    ids = page_of_ids.subquery()
    last = session.scalar(select(func.max(ids.c.id)))
    if last is None:
        row.gathered_at = at
        return False
    moment = literal(at, Delivery.changed_at.type)
    columns = ["broadcast_id", "chat_id", "state", "attempts", "due_at", "changed_at"]
    values = select(literal(broadcast_id), ids.c.id, literal("pending"), literal(0), moment, moment)
    session.execute(insert(Delivery).from_select(columns, values))
    row.cursor = last
    return True


def drop_page(session: Session, broadcast_id: int, at: datetime, page: int = 5 * PAGE) -> bool:
    """Call off the next page of deliveries of a broadcast that is being cancelled; False when none is left."""
    ids = select(Delivery.id).where(Delivery.broadcast_id == broadcast_id, Delivery.state == "pending").limit(page)
    changed = session.execute(
        update(Delivery)
        .where(Delivery.id.in_(ids), Delivery.state == "pending")
        .values(state="cancelled", changed_at=at)
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    ).all()
    return bool(changed)


def finish(session: Session, broadcast_id: int, at: datetime) -> bool:
    """Close a broadcast of which nothing is left to do; True for the one process that closed it."""
    left = select(Delivery.id).where(Delivery.broadcast_id == broadcast_id, Delivery.state.in_(("pending", "sending")))
    ended: Mapping[str, Ended] = {"running": "done", "cancelling": "cancelled"}
    for state, end in ended.items():
        closing = (
            update(Broadcast)
            .where(Broadcast.id == broadcast_id, Broadcast.state == state, Broadcast.kind == "message", ~left.exists())
            .values(state=end, finished_at=at)
            .returning(Broadcast.id)
            .execution_options(synchronize_session=False)
        )
        if state == "running":
            closing = closing.where(Broadcast.gathered_at.is_not(None))
        if session.scalar(closing) is not None:
            return True
    return False


def progress(session: Session, broadcast_id: int) -> Progress | None:
    """How far a broadcast is."""
    row = session.get(Broadcast, broadcast_id)
    if row is None:
        return None
    query = (
        select(Delivery.state, func.count().label("chats"))
        .where(Delivery.broadcast_id == broadcast_id)
        .group_by(Delivery.state)
    )
    counts = {found.state: found.chats for found in session.execute(query)}
    return Progress(
        row.id,
        row.state,
        counts,
        row.chat_id,
        row.message_id,
        row.admin_id,
        preference_of(session, row.admin_id or 0),
        gathered=row.gathered_at is not None or row.state in ("done", "cancelled"),
    )


def report_due(session: Session, broadcast_id: int, at: datetime, every: timedelta) -> bool:
    """Whether progress is to be shown now, and by this process: true for one of several that ask at once."""
    showing = (
        update(Broadcast)
        .where(
            Broadcast.id == broadcast_id,
            Broadcast.message_id.is_not(None),
            or_(Broadcast.reported_at.is_(None), Broadcast.reported_at <= at - every),
        )
        .values(reported_at=at)
        .returning(Broadcast.id)
        .execution_options(synchronize_session=False)
    )
    return session.scalar(showing) is not None


def _change(
    session: Session, broadcast_id: int, admin_id: int, states: tuple[str, ...], **values: str | datetime
) -> bool:
    changing = (
        update(Broadcast)
        .where(
            Broadcast.id == broadcast_id,
            Broadcast.kind == "message",
            Broadcast.admin_id == admin_id,
            Broadcast.state.in_(states),
        )
        .values(**values)
        .returning(Broadcast.id)
        .execution_options(synchronize_session=False)
    )
    return session.scalar(changing) is not None


def _reachable(query: "Select[tuple[int]]") -> "Select[tuple[int]]":
    """Chats that are not known as unreachable, or in which somebody spoke since."""
    silent = and_(UnreachableChat.chat_id == Chat.id, UnreachableChat.since >= Chat.seen_at)
    return query.outerjoin(UnreachableChat, silent).where(UnreachableChat.chat_id.is_(None))
