"""Everything the bot says, in every language: Fluent files in `locales`, one a feature and language.

To give a feature its words:

1. Write `locales/{en,zh-Hant,zh-Hans}/<feature>.ftl` with the same keys and the same `{ $values }` in all three; keys
   begin with the feature's name (`daily-set`). A test fails if one lacks, or if simplified words hold traditional
   characters. Syntax: https://projectfluent.org/fluent/guide/
2. Say them: a handler has `context.say("daily-set", clock="07:30")`, in the language of the update's reader; elsewhere
   `reader_of(...).say` (`bot.view.reader`). The text is HTML for Telegram. Values are escaped here, so hand them over
   as they are; what is HTML already (another `say(...)`, a poem's message) is `Html` and stays.
3. Buttons and toasts are no HTML: `say.plain("daily-button-stop")` escapes nothing.
"""

from collections.abc import Mapping
from functools import cache
from html import escape
from pathlib import Path
from typing import Final

from fluent.runtime import FluentBundle, FluentResource

from bot.view.language import Language, language_of

LOCALES: Final = Path(__file__).parent / "locales"


class Html(str):
    """Text that is HTML already: as a value of a message it is not escaped again."""

    __slots__ = ()


class Say:
    """The bot's words in one language."""

    def __init__(self, language: Language) -> None:
        """Read the language's files."""
        self.language = language
        # Isolating marks around values would stand in the middle of HTML tags.
        self._bundle = FluentBundle([language.value], use_isolating=False)
        for file in sorted((LOCALES / language.value).glob("*.ftl")):
            self._bundle.add_resource(FluentResource(file.read_text(encoding="utf-8")))

    def __call__(self, key: str, **values: str | int) -> Html:
        """A message as Telegram's HTML; raises `KeyError` for a key or a value that is missing."""
        escaped = {name: _escaped(value) for name, value in values.items()}
        return Html(self._format(key, escaped))

    def plain(self, key: str, **values: str | int) -> str:
        """A message for a button or a toast, which know no HTML; raises `KeyError` as above."""
        return self._format(key, values)

    def _format(self, key: str, values: Mapping[str, str | int]) -> str:
        value = self._bundle.get_message(key).value
        if value is None:
            raise KeyError(key)
        text, errors = self._bundle.format_pattern(value, dict(values))
        if errors:
            raise KeyError(f"{key}: {errors[0]}")
        return str(text)


def say_for(language_code: str | None) -> Say:
    """The bot's words for a reader whose Telegram has this language, or who chose it."""
    return say_in(language_of(language_code))


@cache
def say_in(language: Language) -> Say:
    """The bot's words in one language."""
    return Say(language)


def _escaped(value: str | int) -> str | int:
    # A number stays one: Fluent chooses the plural by it.
    return value if isinstance(value, int | Html) else escape(value)
