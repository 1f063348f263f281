"""The commands that Telegram lists, for whom and where; their words are `command-<name>`.

Whoever gives the bot a command puts its name here; those that are left out work too, but nobody sees them listed.
"""

from enum import Enum
from typing import Final

from bot.view.messages import Say


class Audience(Enum):
    """Who sees a list."""

    READER = "reader"
    """A reader in their private chat."""
    GROUP = "group"
    ADMINISTRATOR = "administrator"
    """An administrator in their private chat."""


_IN_GROUPS: Final = ("poem", "title", "acrostic", "continue", "daily")
_OF_READERS: Final = ("compose", "mine", "favourites", "settings", "export", "forget")
_OVERSIGHT: Final = ("stats", "errors", "audit", "ban", "unban")
_OF_ADMINISTRATORS: Final = ("broadcast", "retrain", "jobs", "cancel", "rollback", *_OVERSIGHT)
_LAST: Final = ("help", "id")

_LISTED: Final = {
    Audience.GROUP: (*_IN_GROUPS, *_LAST),
    Audience.READER: (*_IN_GROUPS, *_OF_READERS, *_LAST),
    Audience.ADMINISTRATOR: (*_IN_GROUPS, *_OF_READERS, *_LAST, *_OF_ADMINISTRATORS),
}


def listed(audience: Audience, say: Say) -> list[tuple[str, str]]:
    """The commands of a list in their order, with what they do."""
    return [(name, say.plain(f"command-{name}")) for name in _LISTED[audience]]
