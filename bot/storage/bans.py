"""Whom the bot does not answer."""

from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from bot.storage.models import BannedReader, now
from bot.storage.subscriptions import unsubscribe

LONGEST_REASON = 200

# Asked at every update: built once, and no object is made of the row.
_BANNED: Final = select(BannedReader.user_id).where(BannedReader.user_id == bindparam("reader"))


def is_banned(session: Session, user_id: int) -> bool:
    """Whether a reader is banned."""
    return session.connection().scalar(_BANNED, {"reader": user_id}) is not None


def ban(session: Session, user_id: int, reason: str | None, by: int) -> bool:
    """Answer a reader no more, and send them no daily poem; False if it was so already."""
    if is_banned(session, user_id):
        return False
    reason = reason[:LONGEST_REASON] if reason else None
    session.add(BannedReader(user_id=user_id, reason=reason, banned_by=by, banned_at=now()))
    # Their private chat has their id. A group's poem is the group's.
    unsubscribe(session, user_id, now())
    return True


def unban(session: Session, user_id: int) -> bool:
    """Answer a reader again; False if they were not banned."""
    row = session.get(BannedReader, user_id)
    if row is None:
        return False
    session.delete(row)
    return True
