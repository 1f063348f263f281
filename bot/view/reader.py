"""Whom the bot talks to: the one place that knows in which words and in which script."""

from dataclasses import dataclass

from bot.storage.preferences import Preference
from bot.view.language import Language, language_of, script_of
from bot.view.messages import Say, say_in
from poetcore.script import SCRIPTS, Script


@dataclass(frozen=True)
class Reader:
    """A reader, the language in which the bot speaks to them, and the script of their poems."""

    id: int
    language: Language
    script: Script

    @property
    def say(self) -> Say:
        """The bot's words for them."""
        return say_in(self.language)


def reader_of(user_id: int, preference: Preference) -> Reader:
    """A reader as they chose, and where they chose nothing, as their Telegram says."""
    code = preference.language or preference.language_code
    chosen = next((script for script in SCRIPTS if script == preference.script), None)
    return Reader(user_id, language_of(code), chosen or script_of(code))
