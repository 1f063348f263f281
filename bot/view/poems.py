"""A poem as a message: a couplet a line, and below it what is known of it."""

import re
from html import escape

from poetcore.generation import Poem
from poetcore.script import Script, to_simplified


def poem_message(poem: Poem, script: Script) -> str:
    """The poem, already in `script`, as Telegram's HTML; the names of its form and rhyme are brought to `script`."""
    known = " · ".join(part for part in (poem.form, poem.rhyme_group and f"{poem.rhyme_group}韻") if part)
    parts = [
        poem.title and f"<b>{escape(poem.title)}</b>",
        escape("\n".join(couplets(poem.text))),
        known and f"<i>{escape(to_simplified(known) if script == 'hans' else known)}</i>",
    ]
    return "\n\n".join(part for part in parts if part)


def couplets(text: str) -> list[str]:
    """The text cut behind each full stop, or mark that ends a sentence as one does."""
    return re.findall(r"[^。！？]*[。！？]+|[^。！？]+$", text)
