"""The ratings as fine-tuning learns from them."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.storage.models import Poem, Rating


@dataclass(frozen=True)
class Collected:
    """All ratings of a moment."""

    lines: tuple[dict[str, Any], ...]
    """As `poetbot export-ratings` prints them: text, form, title, prefix, rating, rater, poet, at."""
    fingerprint: str
    """SHA-256 over who rated what and how: the same ratings have the same."""
    until: datetime | None
    """When the last of them was given; None if there are none."""

    @property
    def raters(self) -> int:
        """How many readers gave them."""
        return len({line["rater"] for line in self.lines})

    def as_jsonl(self) -> str:
        """The lines as a file's content."""
        return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in self.lines)


def collect(session: Session) -> Collected:
    """All ratings, in the order of their poems. Raters are numbered: nobody's id leaves the database."""
    query = (
        select(Rating.user_id, Rating.value, Rating.changed_at, Poem.id, Poem.text, Poem.form)
        .add_columns(Poem.asked_title, Poem.asked_prefix, Poem.poet)
        .join(Poem, Poem.id == Rating.poem_id)
        .order_by(Poem.id, Rating.user_id)
    )
    numbers: dict[int, str] = {}
    lines, until, whole = [], None, hashlib.sha256()
    for row in session.execute(query):
        whole.update(f"{row.id} {row.user_id} {row.value}\n".encode())
        until = max(until or row.changed_at, row.changed_at)
        lines.append(
            {
                "text": row.text,
                "form": row.form,
                "title": row.asked_title,
                "prefix": row.asked_prefix,
                "rating": row.value,
                "rater": numbers.setdefault(row.user_id, str(len(numbers) + 1)),
                "poet": row.poet,
                "at": row.changed_at.isoformat(),
            }
        )
    return Collected(tuple(lines), whole.hexdigest(), until)


def count_since(session: Session, moment: datetime | None) -> int:
    """How many ratings were given or changed after `moment`; all of them if it is None."""
    query = select(func.count()).select_from(Rating)
    if moment is not None:
        query = query.where(Rating.changed_at > moment)
    return session.scalar(query) or 0
