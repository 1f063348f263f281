"""What administrators want to know of readers, poems and ratings: counted when they ask."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from bot.storage.models import Poem, Rating, User

DAYS: Final = 14
"""How many days back poems are counted day by day."""

_ACTIVE: Final = timedelta(days=7)
_SHOWN: Final = 8


@dataclass(frozen=True)
class Liked:
    """What readers think of the poems of one poet, or of one form."""

    name: str
    up: int
    down: int

    @property
    def ratings(self) -> int:
        """All of them."""
        return self.up + self.down

    @property
    def share(self) -> float:
        """The share of 👍; 0 without ratings."""
        return self.up / self.ratings if self.ratings else 0.0


@dataclass(frozen=True)
class Statistics:
    """The figures of one moment."""

    readers: int
    active: int
    """Of them, those who were here within a week."""
    poems: int
    ratings: Liked
    by_poet: tuple[Liked, ...]
    """The poets that wrote last first; those without a rating are left out, here and below."""
    by_form: tuple[Liked, ...]
    days: tuple[int, ...]
    """Poems of the last `DAYS` times 24 hours, the oldest first."""


def statistics(session: Session, at: datetime) -> Statistics:
    """Count everything; `at` is this moment."""
    by_poet = select(Poem.poet, *_thumbs()).join(Poem).group_by(Poem.poet).order_by(func.max(Poem.id).desc())
    by_form = select(Poem.form, *_thumbs()).join(Poem).group_by(Poem.form).order_by(func.count().desc(), Poem.form)
    up, down = session.execute(select(*_thumbs())).one()
    return Statistics(
        readers=session.scalar(select(func.count()).select_from(User)) or 0,
        active=session.scalar(select(func.count()).where(User.seen_at > at - _ACTIVE)) or 0,
        poems=session.scalar(select(func.count()).select_from(Poem)) or 0,
        ratings=Liked("", up, down),
        by_poet=_liked(session, by_poet),
        by_form=_liked(session, by_form),
        days=_poems_a_day(session, at),
    )


def _thumbs() -> list[Any]:
    """The columns that count 👍 and 👎."""
    return [func.count(Rating.user_id).filter(Rating.value == value) for value in (1, -1)]


def _liked(session: Session, query: Select[Any]) -> tuple[Liked, ...]:
    return tuple(Liked(name or "–", up, down) for name, up, down in session.execute(query.limit(_SHOWN)))


def _poems_a_day(session: Session, at: datetime) -> tuple[int, ...]:
    # All days in one pass: no two databases agree on how the day of a moment is called.
    begins = [at - timedelta(days=days) for days in range(DAYS, -1, -1)]
    days = [func.count().filter(Poem.created_at > begin, Poem.created_at <= end) for begin, end in pairwise(begins)]
    return tuple(session.execute(select(*days).select_from(Poem).where(Poem.created_at > begins[0])).one())
