"""What readers see of inline mode: the poems offered while they type, and the buttons below the one they sent."""

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InlineQueryResultsButton,
    InputTextMessageContent,
)
from telegram.constants import ParseMode

from bot.storage.models import Poem
from bot.storage.poems import Tally
from bot.view.keyboards import in_script
from bot.view.messages import Say
from bot.view.poems import couplets, poem_message
from poetcore.script import Script

_PRESS: Final = re.compile("i:([+-])")
_VALUES: Final = {"+": 1, "-": -1}
_MESSAGE: Final = re.compile("[A-Za-z0-9_-]{1,64}", re.ASCII)
_RESULT: Final = re.compile("(?:s([0-9]{1,19})|d([0-9]{1,7})-([0-9]))[.]([0-9a-f]{16})", re.ASCII)


@dataclass(frozen=True)
class Seeded:
    """A poem that was written to the words of a query with this seed."""

    seed: int


@dataclass(frozen=True)
class OfDay:
    """One of a day's poems."""

    day: date
    place: int


Source = Seeded | OfDay
"""How an offered poem came about, and can come about again."""


@dataclass(frozen=True)
class Offer:
    """A poem that is offered."""

    source: Source
    poem: Poem


def inline_press(data: str | None) -> int | None:
    """The rating, +1 or -1, that a button below an inline message stands for; None for data of no such button."""
    match = _PRESS.fullmatch(data or "")
    return _VALUES[match[1]] if match else None


def inline_keyboard(tally: Tally) -> InlineKeyboardMarkup:
    """👍 and 👎, each with its number unless that is 0."""
    thumbs = (("👍", tally.up, "+"), ("👎", tally.down, "-"))
    return InlineKeyboardMarkup(
        [
            [
                InlineKeyboardButton(f"{thumb} {count}" if count else thumb, callback_data=f"i:{sign}")
                for thumb, count, sign in thumbs
            ]
        ]
    )


def result_of(offer: Offer, script: Script) -> InlineQueryResultArticle:
    """The poem in the list below the text that is being typed: a couplet, and below it the rest."""
    poem = offer.poem
    first, *rest = couplets(in_script(poem.text, script))
    return InlineQueryResultArticle(
        result_id(offer),
        first,
        InputTextMessageContent(poem_message(poem, script), parse_mode=ParseMode.HTML),
        reply_markup=inline_keyboard(Tally(0, 0)),
        description="\n".join((*rest, in_script(poem.form or "", script))),
    )


def hint_button(say: Say) -> InlineQueryResultsButton:
    """The way to the private chat, where there is help, when there is nothing to offer."""
    return InlineQueryResultsButton(say.plain("inline-hint"), start_parameter="inline")


def result_id(offer: Offer) -> str:
    """What Telegram says when the poem is chosen: how it came about, and a digest that tells whether it did again."""
    source = offer.source
    made = f"s{source.seed}" if isinstance(source, Seeded) else f"d{source.day.toordinal()}-{source.place}"
    return f"{made}.{_digest(offer.poem.text)}"


def message_id_in(text: str | None) -> str | None:
    """The id of an inline message; None for what is none."""
    return text if _MESSAGE.fullmatch(text or "") else None


def source_in(result: str) -> Source | None:
    """How the poem of a result came about; None for what is no id of ours."""
    match = _RESULT.fullmatch(result)
    if match is None:
        return None
    if match[1]:
        return Seeded(int(match[1]))
    ordinal = int(match[2])
    return OfDay(date.fromordinal(ordinal), int(match[3])) if 1 <= ordinal <= date.max.toordinal() else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
