"""Poems, what readers think of them, and where they stand."""

from datetime import datetime

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
    asked_rhyme: Mapped[str | None] = mapped_column(String(8))
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
    # When a reader first asked for a link to it: from then on whoever has its id may read it.
    shared_at: Mapped[datetime | None]


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


class Favourite(Base):
    """A poem that a reader keeps."""

    __tablename__ = "favourite"

    user_id: Mapped[int] = mapped_column(ForeignKey(User.id), primary_key=True)
    poem_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey(Poem.id, ondelete="CASCADE"), primary_key=True, index=True
    )
    created_at: Mapped[Created]


class Showing(Base):
    """A chat in which a poem stands though it was not written there: its buttons work there too."""

    __tablename__ = "showing"

    poem_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(Poem.id, ondelete="CASCADE"), primary_key=True)
    chat_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(Chat.id), primary_key=True, index=True)
    created_at: Mapped[Created]


class Variation(Base):
    """A poem of which one line was written anew; its other lines are those of its parent."""

    __tablename__ = "variation"

    poem_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey(Poem.id, ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    parent_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(Poem.id, ondelete="CASCADE"), index=True)
    # Counted from 1.
    line: Mapped[int]


class CardPicture(Base):
    """A poem's card as Telegram keeps it: sent again by its id, without drawing or uploading it."""

    __tablename__ = "card_picture"

    poem_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(Poem.id, ondelete="CASCADE"), primary_key=True)
    paper: Mapped[str] = mapped_column(String(8), primary_key=True)
    script: Mapped[str] = mapped_column(String(4), primary_key=True)
    file_id: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[Created]


class Question(Base):
    """What the bot asked in a private chat: the next words that are no command are the answer."""

    __tablename__ = "question"

    chat_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(Chat.id), primary_key=True, autoincrement=False)
    # What the answer will be: title, acrostic or prefix.
    what: Mapped[str] = mapped_column(String(16))
    # The form chosen before, if one was.
    form: Mapped[str | None] = mapped_column(String(16))
    asked_at: Mapped[Created]
