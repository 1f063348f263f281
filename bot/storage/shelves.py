"""A reader's shelves, paged through: the poems written for them, and those they keep."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from bot.storage.models import Favourite, Poem
from bot.storage.poems import show_at

PAGE: Final = 5


class Shelf(StrEnum):
    """Which poems of a reader's."""

    MINE = "mine"
    """Those written for them."""
    FAVOURITES = "favourites"


class Toward(StrEnum):
    """Which way a page is turned."""

    OLDER = "older"
    NEWER = "newer"


@dataclass(frozen=True)
class Turn:
    """From the poem at the edge of a page, the way to the next."""

    toward: Toward
    poem_id: int


@dataclass(frozen=True)
class Page:
    """Some poems, the newest first, and whether there are others on either side."""

    poems: Sequence[Poem] = ()
    has_newer: bool = False
    has_older: bool = False


def page_of(session: Session, shelf: Shelf, user_id: int, turn: Turn | None = None) -> Page:
    """The page of a shelf that `turn` leads to; that of the newest poems if it is None or leads nowhere.

    A page begins at a poem's id: it takes as long whatever lies before it, and poems that come or go shift nothing.
    """
    on_shelf = _on(shelf, user_id)
    poems = _next(session, on_shelf, turn) or _next(session, on_shelf, None)
    if not poems:
        return Page()
    return Page(
        poems,
        has_newer=_any(session, on_shelf, Poem.id > poems[0].id),
        has_older=_any(session, on_shelf, Poem.id < poems[-1].id),
    )


def open_from_shelf(session: Session, poem_id: int, user_id: int, chat_id: int) -> Poem | None:
    """A poem of a reader's shelves, which stands in `chat_id` from now on; None if it is on neither."""
    shelves = (_on(shelf, user_id) for shelf in Shelf)
    poem = session.get(Poem, poem_id)
    if poem is None or not any(_any(session, on_shelf, Poem.id == poem_id) for on_shelf in shelves):
        return None
    show_at(session, poem, chat_id)
    return poem


def _on(shelf: Shelf, user_id: int) -> ColumnElement[bool]:
    if shelf is Shelf.MINE:
        return Poem.user_id == user_id
    return Poem.id.in_(select(Favourite.poem_id).where(Favourite.user_id == user_id))


def _next(session: Session, on_shelf: ColumnElement[bool], turn: Turn | None) -> list[Poem]:
    query = select(Poem).where(on_shelf).limit(PAGE)
    if turn is not None and turn.toward is Toward.NEWER:
        nearest = session.scalars(query.where(Poem.id > turn.poem_id).order_by(Poem.id))
        return list(reversed(nearest.all()))
    if turn is not None:
        query = query.where(Poem.id < turn.poem_id)
    return list(session.scalars(query.order_by(Poem.id.desc())))


def _any(session: Session, on_shelf: ColumnElement[bool], where: ColumnElement[bool]) -> bool:
    return session.scalar(select(Poem.id).where(on_shelf, where).limit(1)) is not None
