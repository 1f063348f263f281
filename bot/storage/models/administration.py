"""What administrators do and look at: banned readers, the audit, unhandled errors."""

from sqlalchemy import BigInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.models.base import Base, CountedId, Created, TelegramId


class BannedReader(Base):
    """Someone whom the bot does not answer."""

    __tablename__ = "banned_reader"

    # No reference to the readers' table: it outlives /forget, and somebody can be banned before they come.
    user_id: Mapped[TelegramId] = mapped_column(primary_key=True)
    reason: Mapped[str | None] = mapped_column(String(200))
    banned_by: Mapped[int] = mapped_column(BigInteger)
    banned_at: Mapped[Created]


class AuditEntry(Base):
    """Something that an administrator did; never changed, never deleted."""

    __tablename__ = "audit_entry"

    id: Mapped[CountedId]
    at: Mapped[Created]
    # An administrator's id, or "cli".
    who: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(32))
    # What it was done to: a reader's id, a broadcast's, a version's name.
    subject: Mapped[str | None] = mapped_column(String(200))


class Failure(Base):
    """An unhandled error, however often it came. Its message is not kept: that may hold a reader's words."""

    __tablename__ = "failure"
    __table_args__ = (UniqueConstraint("kind", "handler", "place"),)

    id: Mapped[CountedId]
    # The exception's class, the handler it left, and the line of ours that it came from.
    kind: Mapped[str] = mapped_column(String(100))
    handler: Mapped[str] = mapped_column(String(100))
    place: Mapped[str] = mapped_column(String(200))
    # The last update that met it.
    update_id: Mapped[int | None] = mapped_column(BigInteger)
    times: Mapped[int]
    first_at: Mapped[Created]
    last_at: Mapped[Created]
