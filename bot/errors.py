"""The bot's exceptions: a branch of poetcore's tree, so that the command line prints them as one line too."""

from typing import ClassVar

from poetcore.errors import PoetcoreError


class BotError(PoetcoreError):
    """Base of every error that the bot raises on purpose."""


class BotSettingsError(BotError):
    """An environment variable has a value that makes no sense; nothing was started."""

    exit_status: ClassVar[int] = 2


class DatabaseError(BotError):
    """The database cannot be opened or is not one that this version can work with."""


class TokenError(BotError):
    """Telegram does not know the bot's token."""


class FontError(BotError):
    """YUEXIA_FONT names no font that poems can be set in."""

    exit_status: ClassVar[int] = 2


class CardError(BotError):
    """A poem that no card can show: too long, or with a character that no font here has."""


class NotComposedError(BotError):
    """A poem that is not written, though a poet could; `key` names what the reader is told."""

    key: ClassVar[str]


class BusyError(NotComposedError):
    """Too many poems wait to be written."""

    key: ClassVar[str] = "manners-busy"


class UnwelcomeError(NotComposedError):
    """The words asked for, or the heads of the lines, insult somebody."""

    key: ClassVar[str] = "manners-unwelcome"


class LearningError(BotError):
    """A job of the poet that learns cannot be begun or done."""


class VersionError(BotError):
    """No version of the poet has this name, or none can be gone back to."""
