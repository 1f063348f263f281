"""What readers see of /settings: what holds now, and buttons for every choice."""

import re
from dataclasses import dataclass
from typing import Final

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.storage.preferences import Preference
from bot.view.language import Language
from bot.view.messages import Html, Say
from bot.view.reader import Reader
from poetcore.script import SCRIPTS

_AUTOMATIC: Final = "auto"
_PRESS: Final = re.compile(f"s:(?:(language):({'|'.join(Language)}|auto)|(script):({'|'.join(SCRIPTS)}|auto))")
# Each in its own words: whoever reads no other finds it.
_NAMES: Final = {Language.HANT: "繁體中文", Language.HANS: "简体中文", Language.ENGLISH: "English"}


@dataclass(frozen=True)
class PreferencePress:
    """A press of one of these buttons: what is chosen (language or script), and how; None: automatic."""

    what: str
    value: str | None


def preference_press(data: str | None) -> PreferencePress | None:
    """What a button's data says; None for data that none of these buttons has."""
    match = _PRESS.fullmatch(data or "")
    if match is None:
        return None
    what, value = (group for group in match.groups() if group is not None)
    return PreferencePress(what, None if value == _AUTOMATIC else value)


def preferences_message(reader: Reader) -> Html:
    """How the bot speaks to a reader and writes for them."""
    script = reader.say.plain(f"settings-script-{reader.script}")
    return reader.say("settings-now", language=_NAMES[reader.language], script=script)


def preferences_keyboard(preference: Preference, say: Say) -> InlineKeyboardMarkup:
    """Every language and automatic, every script and automatic; the ones that were chosen are marked."""
    automatic = say.plain("settings-automatic")
    languages = [_button(name, "language", code, preference.language) for code, name in _NAMES.items()]
    scripts = [
        _button(say.plain(f"settings-script-{script}"), "script", script, preference.script) for script in SCRIPTS
    ]
    return InlineKeyboardMarkup(
        [
            languages,
            [_button(say.plain("settings-automatic-language", what=automatic), "language", None, preference.language)],
            [*scripts, _button(automatic, "script", None, preference.script)],
        ]
    )


def _button(text: str, what: str, value: str | None, chosen: str | None) -> InlineKeyboardButton:
    mark = "✓ " if value == chosen else ""
    return InlineKeyboardButton(mark + text, callback_data=f"s:{what}:{value or _AUTOMATIC}")
