"""Which language the bot speaks and in which script it writes, from the language of a reader's Telegram."""

from enum import StrEnum

from poetcore.script import Script


class Language(StrEnum):
    """The languages of the bot's messages."""

    HANT = "zh-Hant"
    HANS = "zh-Hans"
    ENGLISH = "en"


# Where Chinese is written simplified. A plain `zh` says nothing; the poems' own script is traditional.
_SIMPLIFIED = ("zh-hans", "zh-cn", "zh-sg", "zh-my")


def language_of(language_code: str | None) -> Language:
    """The bot's language for an IETF language tag, as Telegram gives it or leaves it out."""
    tag = (language_code or "").lower().replace("_", "-")
    if tag.startswith(_SIMPLIFIED):
        return Language.HANS
    return Language.HANT if tag == "zh" or tag.startswith("zh-") else Language.ENGLISH


def script_of(language_code: str | None) -> Script:
    """The script of poems for an IETF language tag: simplified where Chinese is read so, else traditional."""
    return "hans" if language_of(language_code) is Language.HANS else "hant"
