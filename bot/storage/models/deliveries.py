"""Daily poems and broadcasts: who wants what when, and the ledger of what was sent to whom."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.models.base import Base, CountedId, Created
from bot.storage.models.poems import Poem
from bot.storage.models.readers import Chat, User


class Subscription(Base):
    """A chat that wants a poem every day."""

    __tablename__ = "subscription"
    __table_args__ = (CheckConstraint("minute BETWEEN 0 AND 1439", name="minute"),)

    chat_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(Chat.id), primary_key=True, autoincrement=False)
    # Who asked for it: the poems are theirs, in their script.
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id), index=True)
    minute: Mapped[int]
    # An IANA name, or an offset such as +08:00.
    zone: Mapped[str] = mapped_column(String(64))
    paused: Mapped[bool]
    # When the next poem is due.
    next_at: Mapped[datetime] = mapped_column(index=True)
    created_at: Mapped[Created]


class Broadcast(Base):
    """Something for many chats: an administrator's message, or the daily poems of one day of the calendar."""

    __tablename__ = "broadcast"
    __table_args__ = (
        CheckConstraint("kind IN ('daily', 'message')", name="kind"),
        # The day of messages is null, and nulls are different.
        UniqueConstraint("kind", "day"),
    )

    id: Mapped[CountedId]
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16), index=True)
    # Of daily poems: the day, by the clocks of each reader.
    day: Mapped[date | None]
    # Of a message: its HTML, its author, and the message with which they steer it.
    text: Mapped[str | None] = mapped_column(Text)
    admin_id: Mapped[int | None] = mapped_column(BigInteger)
    chat_id: Mapped[int | None] = mapped_column(BigInteger)
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    # Recipients are taken down in the order of their ids; the last one so far.
    cursor: Mapped[int | None] = mapped_column(BigInteger)
    gathered_at: Mapped[datetime | None]
    created_at: Mapped[Created]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    reported_at: Mapped[datetime | None]


class Delivery(Base):
    """One broadcast to one chat: there is never a second row, and a row never goes out twice."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("broadcast_id", "chat_id"),
        Index("ix_delivery_due", "broadcast_id", "state", "due_at"),
        CheckConstraint(
            "state IN ('pending', 'sending', 'sent', 'failed', 'unknown', 'skipped', 'cancelled')", name="state"
        ),
    )

    id: Mapped[CountedId]
    broadcast_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(Broadcast.id))
    chat_id: Mapped[int] = mapped_column(ForeignKey(Chat.id), index=True)
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int]
    due_at: Mapped[datetime]
    # While it is being sent: by whom.
    sender: Mapped[str | None] = mapped_column(String(32))
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    poem_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey(Poem.id))
    reason: Mapped[str | None] = mapped_column(String(200))
    changed_at: Mapped[Created]


class UnreachableChat(Base):
    """A chat that Telegram does not let the bot write to; void once its reader speaks again (`Chat.seen_at`)."""

    __tablename__ = "unreachable_chat"

    chat_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(Chat.id), primary_key=True, autoincrement=False)
    since: Mapped[Created]
    reason: Mapped[str] = mapped_column(String(200))


class Sender(Base):
    """A process that sends; what it had in hand when its lease ran out, nobody knows the end of."""

    __tablename__ = "sender"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    lease_until: Mapped[datetime]


class SendingRate(Base):
    """The one limit that all processes share, a single row: when the next message may go. Seconds since 1970."""

    __tablename__ = "sending_rate"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    next_at: Mapped[float]
    paused_until: Mapped[float]
