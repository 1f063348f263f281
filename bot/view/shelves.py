"""What readers see of /mine and /favourites: a page of poems, a button for each, and the ways to turn."""

import re
from dataclasses import dataclass
from html import escape
from typing import Final

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.storage.models import Poem
from bot.storage.shelves import Page, Shelf, Toward, Turn
from bot.view.keyboards import in_script
from bot.view.messages import Html, Say
from bot.view.poems import kept_title
from poetcore.prosody.text import lines_of
from poetcore.script import Script

_ID: Final = "([1-9][0-9]{0,17})"
_TURN: Final = re.compile(f"k:({'|'.join(Shelf)}):({'|'.join(Toward)}):{_ID}")
_OPEN: Final = re.compile(f"k:open:{_ID}")
_ARROWS: Final = {Toward.NEWER: "◀", Toward.OLDER: "▶"}
_LONGEST_TITLE: Final = 20


@dataclass(frozen=True)
class TurnPress:
    """A press of ◀ or ▶."""

    shelf: Shelf
    turn: Turn


def turn_press(data: str | None) -> TurnPress | None:
    """Which way a page is to be turned; None for data that no arrow has."""
    match = _TURN.fullmatch(data or "")
    return TurnPress(Shelf(match[1]), Turn(Toward(match[2]), int(match[3]))) if match else None


def open_press(data: str | None) -> int | None:
    """The id of the poem that is to be opened; None for data that no such button has."""
    match = _OPEN.fullmatch(data or "")
    return int(match[1]) if match else None


def page_message(page: Page, shelf: Shelf, script: Script, say: Say) -> Html:
    """A page of a shelf: of each poem the title or the first line, its form and day."""
    if not page.poems:
        return say(f"shelf-{shelf}-none")
    entries = (f"{number}. {_entry(poem, script)}" for number, poem in enumerate(page.poems, 1))
    return Html("\n".join((say(f"shelf-{shelf}"), "", *entries)))


def page_keyboard(page: Page, shelf: Shelf) -> InlineKeyboardMarkup | None:
    """The numbers of the poems, and arrows where there are more; None for an empty shelf."""
    if not page.poems:
        return None
    numbers = [_button(str(number), f"k:open:{poem.id}") for number, poem in enumerate(page.poems, 1)]
    edges = [(Toward.NEWER, page.has_newer, page.poems[0]), (Toward.OLDER, page.has_older, page.poems[-1])]
    arrows = [_button(_ARROWS[toward], f"k:{shelf}:{toward}:{poem.id}") for toward, more, poem in edges if more]
    return InlineKeyboardMarkup([numbers, arrows] if arrows else [numbers])


def _entry(poem: Poem, script: Script) -> str:
    title, first = kept_title(poem, script), next(iter(lines_of(poem.text)), "")
    heading = f"《{title[:_LONGEST_TITLE]}》" if title else ""
    parts = (heading + in_script(first, script), in_script(poem.form or "", script), f"{poem.created_at:%Y-%m-%d}")
    return escape(" · ".join(part for part in parts if part))


def _button(text: str, data: str) -> InlineKeyboardButton:
    return InlineKeyboardButton(text, callback_data=data)
