"""Readers, chats and the updates they send."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import delete
from sqlalchemy.orm import Session

from bot.storage.models import Chat, HandledUpdate, User, now
from bot.storage.preferences import COLUMNS, Preference
from bot.storage.upserts import insert_or_ignore, insert_or_update, upserted

# Telegram keeps an update that was not fetched for a day; a week is ample.
REMEMBERED: Final = timedelta(days=7)


@dataclass(frozen=True)
class Arrival:
    """What the database needs to know of an update."""

    bot_id: int
    update_id: int
    user_id: int
    language_code: str | None
    chat_id: int | None
    chat_kind: str | None


def admit(session: Session, arrival: Arrival) -> Preference | None:
    """Note that an update is being handled, and by whom it was sent; how they want to be spoken to.

    None if it was handled before.
    """
    moment = now()
    claim = {"bot_id": arrival.bot_id, "update_id": arrival.update_id, "handled_at": moment}
    if not insert_or_ignore(session, HandledUpdate, claim):
        return None
    seen = {"created_at": moment, "seen_at": moment}
    user = {"id": arrival.user_id, "language_code": arrival.language_code, **seen}
    known = upserted(session, User, user, {"language_code", "seen_at"}, tuple(column.key for column in COLUMNS))
    if arrival.chat_id is not None:
        insert_or_update(session, Chat, {"id": arrival.chat_id, "kind": arrival.chat_kind, **seen}, {"kind", "seen_at"})
    return Preference(*known)


def forget_old_updates(session: Session) -> None:
    """Drop the notes of updates that no server delivers again."""
    session.execute(delete(HandledUpdate).where(HandledUpdate.handled_at < now() - REMEMBERED))
