"""What the database holds of a reader's poems and ratings, page by page, for them to take away."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import and_, select, union_all
from sqlalchemy.orm import Session

from bot.storage.models import Favourite, Poem, Rating

PAGE: Final = 500


@dataclass(frozen=True)
class Exported:
    """A poem that a reader asked for, rated or keeps."""

    poem: Poem
    mine: bool
    """Whether it was written for them."""
    rating: int | None
    rated_at: datetime | None
    favourite: bool


def exported(session: Session, user_id: int, after: int, page: int = PAGE) -> Sequence[Exported]:
    """The reader's next poems behind the one with id `after`, in the order of their ids; none at the end."""
    ids = union_all(
        select(Poem.id).where(Poem.user_id == user_id, Poem.id > after),
        select(Rating.poem_id).where(Rating.user_id == user_id, Rating.poem_id > after),
        select(Favourite.poem_id).where(Favourite.user_id == user_id, Favourite.poem_id > after),
    )
    query = (
        select(Poem, Rating.value, Rating.changed_at, Favourite.created_at)
        .outerjoin(Rating, and_(Rating.poem_id == Poem.id, Rating.user_id == user_id))
        .outerjoin(Favourite, and_(Favourite.poem_id == Poem.id, Favourite.user_id == user_id))
        .where(Poem.id.in_(ids))
        .order_by(Poem.id)
        .limit(page)
    )
    return [
        Exported(poem, poem.user_id == user_id, rating, rated_at, kept_at is not None)
        for poem, rating, rated_at, kept_at in session.execute(query)
    ]
