"""The tables. What the database holds is declared here; `migrations/` brings a database to it."""

from datetime import UTC, datetime
from typing import Annotated, Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

# Constraints have names everywhere, so that a migration can find and change them on any database.
NAMES: Final = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC: aware of its zone in Python, whatever the database keeps (SQLite keeps no zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _: Dialect) -> datetime | None:
        """The moment in UTC; raises `ValueError` for one without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _: Dialect) -> datetime | None:
        """The moment with its zone."""
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


def now() -> datetime:
    """This moment."""
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """Base of every table."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {datetime: UtcDateTime, float: Double}  # noqa: RUF012 SQLAlchemy's own name, read once by the class


TelegramId = Annotated[int, mapped_column(BigInteger, autoincrement=False)]
Created = Annotated[datetime, mapped_column(default=now)]


class User(Base):
    """A reader. Their name is nobody's business and not kept."""

    __tablename__ = "user_account"

    id: Mapped[TelegramId] = mapped_column(primary_key=True)
    language_code: Mapped[str | None] = mapped_column(String(35))
    created_at: Mapped[Created]
    seen_at: Mapped[Created]


class Chat(Base):
    """A chat in which the bot was spoken to: private, group, supergroup."""

    __tablename__ = "chat"

    id: Mapped[TelegramId] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[Created]
    seen_at: Mapped[Created]


class Poem(Base):
    """A poem with the request that made it: with the same poet and request it can be made again."""

    __tablename__ = "poem"

    # SQLite counts up only a column of type INTEGER.
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id), index=True)
    chat_id: Mapped[int] = mapped_column(ForeignKey(Chat.id), index=True)
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    asked_prefix: Mapped[str | None] = mapped_column(Text)
    asked_form: Mapped[str | None] = mapped_column(String(16))
    asked_title: Mapped[str | None] = mapped_column(Text)
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


class HandledUpdate(Base):
    """An update that was taken up: Telegram may deliver it again, the bot answers once."""

    __tablename__ = "handled_update"

    bot_id: Mapped[TelegramId] = mapped_column(primary_key=True)
    update_id: Mapped[TelegramId] = mapped_column(primary_key=True)
    handled_at: Mapped[Created] = mapped_column(index=True)
