"""Poems and what readers think of them."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.models.base import Base, CountedId, Created
from bot.storage.models.readers import Chat, User


class Poem(Base):
    """A poem with the request that made it: with the same poet and request it can be made again."""

    __tablename__ = "poem"

    id: Mapped[CountedId]
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id), index=True)
    chat_id: Mapped[int] = mapped_column(ForeignKey(Chat.id), index=True)
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    asked_prefix: Mapped[str | None] = mapped_column(Text)
    asked_form: Mapped[str | None] = mapped_column(String(16))
    asked_title: Mapped[str | None] = mapped_column(Text)
    asked_acrostic: Mapped[str | None] = mapped_column(Text)
    script: Mapped[str] = mapped_column(String(4))
    best_of: Mapped[int]
    temperature: Mapped[float]
    seed: Mapped[int] = mapped_column(BigInteger)
    poet: Mapped[str] = mapped_column(String(128))
    # Traditional, as the poet wrote it, whatever script the reader saw it in: fine-tuning learns from it.
    text: Mapped[str] = mapped_column(Text)
    form: Mapped[str | None] = mapped_column(String(16))
    score: Mapped[float]
    created_at: Mapped[Created]


class Rating(Base):
    """What one reader thinks of one poem: +1 or -1. None is no row."""

    __tablename__ = "rating"
    __table_args__ = (CheckConstraint("value IN (-1, 1)", name="value"),)

    # The poem first: this key's index also finds all ratings of a poem.
    poem_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(Poem.id), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id), primary_key=True, index=True)
    value: Mapped[int]
    created_at: Mapped[Created]
    changed_at: Mapped[Created]
