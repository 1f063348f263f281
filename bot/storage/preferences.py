"""How readers want to be spoken to: what they chose, else what their Telegram says."""

from dataclasses import dataclass

from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.storage.models import User


@dataclass(frozen=True)
class Preference:
    """What is known of a reader's language and script; None: nothing."""

    language_code: str | None = None
    """The language of their Telegram, an IETF tag."""
    language: str | None = None
    """The one they chose to be spoken to in, an IETF tag too."""
    script: str | None = None
    """The one they chose for poems: hant or hans."""


COLUMNS = (User.language_code, User.chosen_language, User.chosen_script)
"""What a query selects to make a `Preference` of, in its order."""


def preference_of(session: Session, user_id: int) -> Preference:
    """A reader's preference; nothing is known of someone who is no reader."""
    user = session.get(User, user_id)
    return Preference(user.language_code, user.chosen_language, user.chosen_script) if user else Preference()


def choose_language(session: Session, user_id: int, language: str | None) -> None:
    """Speak to a reader in `language` from now on; None: in that of their Telegram."""
    session.execute(update(User).where(User.id == user_id).values(chosen_language=language))


def choose_script(session: Session, user_id: int, script: str | None) -> None:
    """Write poems in `script` for a reader from now on; None: in that of their language."""
    session.execute(update(User).where(User.id == user_id).values(chosen_script=script))
