"""Poems and what readers think of them."""

from dataclasses import dataclass
from enum import Enum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.storage.models import Poem, Rating, now


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


def add_poem(session: Session, poem: Poem) -> int:
    """Keep a poem; its id."""
    session.add(poem)
    session.flush()
    return poem.id


def note_message(session: Session, poem_id: int, message_id: int | None) -> None:
    """Keep in which message of its chat a poem was sent, if that is known."""
    poem = session.get(Poem, poem_id)
    if poem is not None:
        poem.message_id = message_id


def press(session: Session, *, poem_id: int, chat_id: int, user_id: int, value: int) -> tuple[Pressed, Tally] | None:
    """A reader presses a rating button: rates, changes to the other, or withdraws with the same one again.

    None if no such poem was written in that chat.
    """
    # The poem's row is locked (where the database locks rows): two presses at once are one after the other.
    poem = session.get(Poem, poem_id, with_for_update=True)
    if poem is None or poem.chat_id != chat_id:
        return None
    pressed = _press(session, poem_id, user_id, value)
    session.flush()
    return pressed, tally(session, poem_id)


def tally(session: Session, poem_id: int) -> Tally:
    """The ratings of a poem, counted."""
    query = select(Rating.value, func.count().label("readers")).where(Rating.poem_id == poem_id).group_by(Rating.value)
    counts = {row.value: row.readers for row in session.execute(query)}
    return Tally(up=counts.get(1, 0), down=counts.get(-1, 0))


def _press(session: Session, poem_id: int, user_id: int, value: int) -> Pressed:
    rating = session.get(Rating, (poem_id, user_id))
    if rating is None:
        session.add(Rating(poem_id=poem_id, user_id=user_id, value=value))
        return Pressed.RATED
    if rating.value == value:
        session.delete(rating)
        return Pressed.WITHDRAWN
    rating.value, rating.changed_at = value, now()
    return Pressed.CHANGED
