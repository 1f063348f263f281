"""What is kept beside poems: favourites, card pictures, and the question that waits for its answer."""

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import delete
from sqlalchemy.orm import Session

from bot.storage.models import CardPicture, Favourite, Question, now
from bot.storage.upserts import insert_or_ignore, insert_or_update

# Words that come later than this are no answer any more.
ANSWERED_WITHIN: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Asking:
    """What the bot asked a reader for: title, acrostic or prefix, and the name of the form that was chosen before."""

    what: str
    form: str | None = None


@dataclass(frozen=True)
class Picture:
    """Which picture: a poem on a paper in a script."""

    poem_id: int
    paper: str
    script: str


def toggle_favourite(session: Session, user_id: int, poem_id: int) -> bool:
    """Keep a poem among a reader's favourites, or no longer; whether it is kept now."""
    row = {"user_id": user_id, "poem_id": poem_id, "created_at": now()}
    if insert_or_ignore(session, Favourite, row):
        return True
    session.execute(delete(Favourite).where(Favourite.user_id == user_id, Favourite.poem_id == poem_id))
    return False


def is_favourite(session: Session, user_id: int, poem_id: int) -> bool:
    """Whether a poem is among a reader's favourites."""
    return session.get(Favourite, (user_id, poem_id)) is not None


def file_id_of(session: Session, picture: Picture) -> str | None:
    """Telegram's id of a card, if it was sent before."""
    known = session.get(CardPicture, (picture.poem_id, picture.paper, picture.script))
    return known.file_id if known else None


def keep_file_id(session: Session, picture: Picture, file_id: str) -> None:
    """Keep Telegram's id of a card; the newest counts."""
    row = {**asdict(picture), "file_id": file_id, "created_at": now()}
    insert_or_update(session, CardPicture, row, {"file_id", "created_at"})


def ask(session: Session, chat_id: int, asking: Asking) -> None:
    """Wait for the answer to a question, and to no earlier one of that chat."""
    row = {"chat_id": chat_id, "what": asking.what, "form": asking.form, "asked_at": now()}
    insert_or_update(session, Question, row, {"what", "form", "asked_at"})


def answered(session: Session, chat_id: int) -> Asking | None:
    """The question that waits in a chat, which it then does no longer; None if there is none, or it is too old."""
    row = session.get(Question, chat_id)
    if row is None:
        return None
    session.delete(row)
    return Asking(row.what, row.form) if now() - row.asked_at < ANSWERED_WITHIN else None
