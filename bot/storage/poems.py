"""Poems, where they stand, and what readers think of them."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from sqlalchemy import and_, bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Session

from bot.storage.models import Poem, Rating, Showing, Variation, now
from bot.storage.upserts import insert_or_ignore

# A screen or two of them: what a reader may still remember.
_LAST: Final = 12


class Pressed(Enum):
    """What the press of a rating button did."""

    RATED = "rated"
    CHANGED = "changed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Tally:
    """How many readers like a poem, and how many do not."""

    up: int
    down: int


@dataclass(frozen=True)
class Descent:
    """Of which poem another is a variation, and which line, counted from 1, was written anew."""

    parent_id: int
    line: int


def add_poem(session: Session, poem: Poem, descent: Descent | None = None) -> int:
    """Keep a poem; its id."""
    session.add(poem)
    session.flush()
    # The parent may have been forgotten while the poem was written.
    if descent is not None and session.get(Poem, descent.parent_id) is not None:
        session.add(Variation(poem_id=poem.id, parent_id=descent.parent_id, line=descent.line))
    return poem.id


def last_texts(session: Session, chat_id: int) -> tuple[str, ...]:
    """The texts of the last poems written in a chat, in traditional script: the next one is to be another."""
    query = select(Poem.text).where(Poem.chat_id == chat_id).order_by(Poem.id.desc()).limit(_LAST)
    return tuple(session.scalars(query))


def note_message(session: Session, poem_id: int, message_id: int | None) -> None:
    """Keep in which message of its chat a poem was sent, if that is known."""
    poem = session.get(Poem, poem_id)
    if poem is not None:
        poem.message_id = message_id


def poem_at(session: Session, poem_id: int, chat_id: int) -> Poem | None:
    """A poem that stands in a chat: written or shown there; None for any other, which that chat has no say in."""
    poem = session.get(Poem, poem_id)
    if poem is None or poem.chat_id == chat_id or session.get(Showing, (poem_id, chat_id)) is not None:
        return poem
    return None


def show_at(session: Session, poem: Poem, chat_id: int) -> None:
    """Let a poem stand in one more chat, where its buttons work from now on."""
    if poem.chat_id != chat_id:
        insert_or_ignore(session, Showing, {"poem_id": poem.id, "chat_id": chat_id, "created_at": now()})


def share(session: Session, poem_id: int, chat_id: int) -> Poem | None:
    """Let everyone who has its link read a poem that stands in a chat; None if it does not stand there."""
    poem = poem_at(session, poem_id, chat_id)
    if poem is not None and poem.shared_at is None:
        poem.shared_at = now()
    return poem


def open_poem(session: Session, poem_id: int, chat_id: int, user_id: int) -> Poem | None:
    """A poem that a reader has the link of: it stands in their chat from now on.

    None unless it was shared, or is theirs, or stands there already: ids can be guessed, and what was written for
    nobody else is nobody else's.
    """
    poem = session.get(Poem, poem_id)
    if poem is not None and poem.shared_at is None and poem.user_id != user_id:
        poem = poem_at(session, poem_id, chat_id)
    if poem is not None:
        show_at(session, poem, chat_id)
    return poem


def press(session: Session, *, poem_id: int, chat_id: int, user_id: int, value: int) -> tuple[Pressed, Tally] | None:
    """A reader presses a rating button: rates, changes to the other, or withdraws with the same one again.

    None if no such poem stands in that chat.
    """
    where = _locked(session, poem_id)
    if where is None or (where != chat_id and session.get(Showing, (poem_id, chat_id)) is None):
        return None
    return _press(session, poem_id, user_id, value), tally(session, poem_id)


def press_anywhere(session: Session, *, poem_id: int, user_id: int, value: int) -> tuple[Pressed, Tally] | None:
    """As `press`, where the poem is known to stand before the reader; None if it is no more."""
    if _locked(session, poem_id) is None:
        return None
    return _press(session, poem_id, user_id, value), tally(session, poem_id)


def tally(session: Session, poem_id: int) -> Tally:
    """The ratings of a poem, counted."""
    counts = {row.value: row.readers for row in session.connection().execute(_COUNT, {"poem": poem_id})}
    return Tally(up=counts.get(1, 0), down=counts.get(-1, 0))


# Of every second update: built once, and no objects are made of the rows.
_poems, _ratings = (model.metadata.tables[model.__tablename__] for model in (Poem, Rating))
_own: Final = and_(_ratings.c.poem_id == bindparam("poem"), _ratings.c.user_id == bindparam("reader"))
_CHAT: Final = select(_poems.c.chat_id).where(_poems.c.id == bindparam("poem")).with_for_update()
_COUNT: Final = (
    select(_ratings.c.value, func.count().label("readers"))
    .where(_ratings.c.poem_id == bindparam("poem"))
    .group_by(_ratings.c.value)
)
_RATING: Final = select(_ratings.c.value).where(_own)
_RATE: Final = insert(_ratings)
_CHANGE: Final = update(_ratings).where(_own).values(value=bindparam("to"), changed_at=bindparam("at"))
_WITHDRAW: Final = delete(_ratings).where(_own)


def _locked(session: Session, poem_id: int) -> int | None:
    """The chat that a poem was written in; None if there is no such poem.

    Its row is locked (where the database locks rows): two presses at once are one after the other.
    """
    chat_id: int | None = session.connection().scalar(_CHAT, {"poem": poem_id})
    return chat_id


def _press(session: Session, poem_id: int, user_id: int, value: int) -> Pressed:
    connection, own, moment = session.connection(), {"poem": poem_id, "reader": user_id}, now()
    rated = connection.scalar(_RATING, own)
    if rated is None:
        made = {"created_at": moment, "changed_at": moment}
        connection.execute(_RATE, {"poem_id": poem_id, "user_id": user_id, "value": value, **made})
        return Pressed.RATED
    if rated == value:
        connection.execute(_WITHDRAW, own)
        return Pressed.WITHDRAWN
    connection.execute(_CHANGE, {**own, "to": value, "at": moment})
    return Pressed.CHANGED
