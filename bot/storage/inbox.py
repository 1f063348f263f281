"""The inbox: every update is here from before Telegram hears that it arrived until its handling has ended.

Any number of processes on one database share it. Of one chat a single update is in hand at a time, the oldest first,
whoever received it. Whether the handling of an update has begun is written in `handled_update`: what a dead process had
begun is not begun again, for its answer may have gone out; what it had only in hand goes to another.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from sqlalchemy import BindParameter, Delete, Select, Update, bindparam, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from bot.storage.models import HandledUpdate, InboxHolder, InboxUpdate
from bot.storage.upserts import insert_or_update, insert_those_missing

# Renewed every two seconds by a process that has something in hand.
LEASE: Final = timedelta(seconds=6)
# Any number that no other program would take.
_TURN_LOCK: Final = 0x696E_626F_78
# No object of these tables is ever in a session.
_CORE: Final = {"synchronize_session": False}


@dataclass(frozen=True)
class Incoming:
    """An update that has just arrived."""

    update_id: int
    chat_key: int
    """Those with the same key are handled one after the other."""
    content: str
    """JSON, as Telegram sent it."""


@dataclass(frozen=True)
class Turn:
    """What one process does with the inbox in one transaction."""

    bot_id: int
    holder: str
    """The process."""
    at: datetime
    room: int
    """How many more updates it can take in hand."""
    incoming: Sequence[Incoming] = ()
    handled: Sequence[int] = ()
    """Ids of updates that it had in hand, and whose handling has ended."""
    in_hand: bool = False
    """Whether it has any others in hand."""


def take_turn(session: Session, turn: Turn) -> list[tuple[int, str]]:
    """Remove what is handled, keep what arrived, and take in hand what may be handled now: ids and contents."""
    _one_at_a_time(session)
    if turn.handled:
        _remove(session, turn)
    if turn.incoming:
        insert_those_missing(session, InboxUpdate, [_row(turn, one) for one in turn.incoming])
    taken = _take(session, turn) if turn.room > 0 else []
    if taken or turn.in_hand:
        insert_or_update(session, InboxHolder, {"id": turn.holder, "lease_until": turn.at + LEASE}, {"lease_until"})
    return taken


def recover(session: Session, at: datetime) -> int:
    """Let go of what dead processes had in hand; how many updates wait again."""
    dead = session.scalars(select(InboxHolder.id).where(InboxHolder.lease_until < at)).all()
    return sum(let_go(session, holder) for holder in dead)


def let_go(session: Session, holder: str) -> int:
    """Let others take what `holder` has in hand, but for what it has begun; how many updates wait again."""
    _one_at_a_time(session)
    begun = exists().where(HandledUpdate.bot_id == InboxUpdate.bot_id, HandledUpdate.update_id == InboxUpdate.update_id)
    session.execute(delete(InboxUpdate).where(InboxUpdate.holder == holder, begun).execution_options(**_CORE))
    freed = session.scalars(
        update(InboxUpdate)
        .where(InboxUpdate.holder == holder)
        .values(holder=None)
        .returning(InboxUpdate.update_id)
        .execution_options(**_CORE)
    ).all()
    session.execute(delete(InboxHolder).where(InboxHolder.id == holder).execution_options(**_CORE))
    return len(freed)


def _one_at_a_time(session: Session) -> None:
    """Let the others wait until this transaction ends; on SQLite they do so anyway."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_TURN_LOCK})")


def _row(turn: Turn, one: Incoming) -> dict[str, object]:
    return {
        "bot_id": turn.bot_id,
        "update_id": one.update_id,
        "chat_key": one.chat_key,
        "content": one.content,
        "received_at": turn.at,
    }


def _remove(session: Session, turn: Turn) -> None:
    """Not what another has taken over meanwhile."""
    told = {"bot": turn.bot_id, "own": turn.holder, "ids": turn.handled}
    session.connection().execute(_statements().remove, told)


def _take(session: Session, turn: Turn) -> list[tuple[int, str]]:
    """The oldest of each chat that has none in hand."""
    connection, statements = session.connection(), _statements()
    ready = connection.execute(statements.ready, {"bot": turn.bot_id, "room": turn.room}).all()
    if ready:
        ids = [update_id for update_id, _ in ready]
        connection.execute(statements.hold, {"bot": turn.bot_id, "own": turn.holder, "ids": ids})
    return [(update_id, content) for update_id, content in ready]


@dataclass(frozen=True)
class _Statements:
    """Those of every turn: building them anew took longer than carrying them out."""

    remove: Delete
    ready: Select[int, str]
    hold: Update


@cache
def _statements() -> _Statements:
    bot: BindParameter[int] = bindparam("bot")
    own: BindParameter[str] = bindparam("own")
    ids: BindParameter[int] = bindparam("ids", expanding=True)
    # The table itself, not its class: these rows are never objects in a session.
    table = InboxUpdate.metadata.tables[InboxUpdate.__tablename__]
    waiting, other = table.c, table.alias().c
    goes_first = exists().where(
        other.bot_id == bot,
        other.chat_key == waiting.chat_key,
        or_(other.update_id < waiting.update_id, other.holder.is_not(None)),
    )
    return _Statements(
        remove=delete(table).where(waiting.bot_id == bot, waiting.holder == own, waiting.update_id.in_(ids)),
        ready=select(waiting.update_id, waiting.content)
        .where(waiting.bot_id == bot, waiting.holder.is_(None), ~goes_first)
        .order_by(waiting.update_id)
        .limit(bindparam("room")),
        hold=update(table).where(waiting.bot_id == bot, waiting.update_id.in_(ids)).values(holder=own),
    )
