"""Poems that readers sent into other chats through inline mode."""

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.models.base import Base, Created
from bot.storage.models.poems import Poem


class InlineMessage(Base):
    """A message that a reader sent "via" the bot, and its poem. In which chat it stands, Telegram does not say."""

    __tablename__ = "inline_message"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    poem_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(Poem.id, ondelete="CASCADE"), index=True)
    created_at: Mapped[Created]
