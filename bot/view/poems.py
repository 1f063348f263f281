"""A poem as a message: a couplet a line, and below it what is known of it."""

import re
from html import escape

from bot.storage import models
from bot.view.messages import Html
from poetcore.generation.poet import shown_title
from poetcore.prosody import is_simplified, scan
from poetcore.script import Script, prefix_in_traditional, to_simplified


def poem_message(row: models.Poem, script: Script) -> Html:
    """A kept poem in `script`, as Telegram's HTML."""
    known = _known(row.form, scan(row.text).rhyme_group if row.form else None, script)
    text = to_simplified(row.text) if script == "hans" else row.text
    return _message(kept_title(row, script), text, known)


def kept_title(row: models.Poem, script: Script) -> str | None:
    """The title of a kept poem in `script`, whichever it was typed in; None if it has none."""
    title = shown_title(row.asked_title)
    if title is None or script == "hans":
        return title and to_simplified(title)
    typed: Script = "hans" if row.script == "hans" or is_simplified([title]) else "hant"
    # No poet is at hand to say whether its corpus writes 黄 or 黃; neither is wrong.
    return prefix_in_traditional(title, typed, lambda *_: False)


def couplets(text: str) -> list[str]:
    """The text cut behind each full stop, or mark that ends a sentence as one does."""
    return re.findall(r"[^。！？]*[。！？]+|[^。！？]+$", text)


def _known(form: str | None, rhyme_group: str | None, script: Script) -> str:
    known = " · ".join(part for part in (form, rhyme_group and f"{rhyme_group}韻") if part)
    return to_simplified(known) if script == "hans" else known


def _message(title: str | None, text: str, known: str) -> Html:
    parts = [
        title and f"<b>{escape(title)}</b>",
        escape("\n".join(couplets(text))),
        known and f"<i>{escape(known)}</i>",
    ]
    return Html("\n\n".join(part for part in parts if part))
