"""Readers, chats, and the updates they sent."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.models.base import Base, Created, TelegramId


class User(Base):
    """A reader. Their name is nobody's business and not kept."""

    __tablename__ = "user_account"

    id: Mapped[TelegramId] = mapped_column(primary_key=True)
    language_code: Mapped[str | None] = mapped_column(String(35))
    # What they chose themselves; null: their Telegram's language, and the script that goes with it.
    chosen_language: Mapped[str | None] = mapped_column(String(8))
    chosen_script: Mapped[str | None] = mapped_column(String(4))
    created_at: Mapped[Created]
    seen_at: Mapped[Created]


class Chat(Base):
    """A chat in which the bot was spoken to: private, group, supergroup."""

    __tablename__ = "chat"

    id: Mapped[TelegramId] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[Created]
    seen_at: Mapped[Created]


class HandledUpdate(Base):
    """An update that was taken up: Telegram may deliver it again, the bot answers once."""

    __tablename__ = "handled_update"

    bot_id: Mapped[TelegramId] = mapped_column(primary_key=True)
    update_id: Mapped[TelegramId] = mapped_column(primary_key=True)
    handled_at: Mapped[Created] = mapped_column(index=True)
