"""Updates that Telegram was told are here, and are not handled yet."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.models.base import Base, Created, TelegramId


class InboxUpdate(Base):
    """An update as Telegram sent it, until its handling ends."""

    __tablename__ = "inbox"
    __table_args__ = (Index("ix_inbox_chat", "bot_id", "chat_key", "update_id"),)

    bot_id: Mapped[TelegramId] = mapped_column(primary_key=True)
    update_id: Mapped[TelegramId] = mapped_column(primary_key=True)
    # Those with the same key are handled one after the other.
    chat_key: Mapped[int] = mapped_column(BigInteger)
    content: Mapped[str] = mapped_column(Text)
    # The process that has it in hand; null while it waits.
    holder: Mapped[str | None] = mapped_column(String(32))
    received_at: Mapped[Created]


class InboxHolder(Base):
    """A process that has updates in hand; when its lease has run out, others take them over."""

    __tablename__ = "inbox_holder"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    lease_until: Mapped[datetime]
