"""The order for a poem and the row that keeps it: from one to the other, and to the orders that follow from a poem."""

from dataclasses import replace
from typing import Final

from bot.asking import Asked, What
from bot.storage import models
from poetcore.generation import ComposeRequest, Poem
from poetcore.generation.plan import usable
from poetcore.prosody import FORMS, Form
from poetcore.prosody.text import is_hanzi, lines_of
from poetcore.script import Script

TEMPERATURE: Final = 0.8
"""Of poems for readers. Cooler than the model itself, lines hang together better, and the best draft is always taken,
as whoever reads poems at 1, 0.85 and 0.8 side by side can see; it costs variety."""


def order(asked: Asked, what: What, script: Script, seed: int) -> ComposeRequest:
    """The order for a poem of which the words asked for are the beginning, the title or the acrostic."""
    request = ComposeRequest(
        form=asked.form,
        title=asked.title,
        rhyme=asked.rhyme,
        script=script,
        seed=seed,
        temperature=TEMPERATURE,
    )
    if what is What.TITLE:
        return request
    # A space says where a line of the reader's ends.
    return replace(request, prefix=asked.words) if what is What.PREFIX else replace(request, acrostic=asked.prefix)


def row_of(request: ComposeRequest, poem: Poem, *, user_id: int, chat_id: int) -> models.Poem:
    """What is kept of a poem that a reader ordered in a chat."""
    return models.Poem(
        user_id=user_id,
        chat_id=chat_id,
        asked_prefix=request.prefix,
        asked_form=request.form.name if request.form else None,
        asked_title=request.title,
        asked_acrostic=request.acrostic,
        asked_rhyme=request.rhyme,
        script=request.script,
        best_of=request.best_of,
        temperature=request.temperature,
        seed=request.seed,
        poet=poem.poet,
        text=poem.traditional,
        form=poem.form,
        score=poem.score,
    )


def again(row: models.Poem, seed: int) -> ComposeRequest:
    """The order that the poem was written to, for another one."""
    return in_form(row, FORMS.get(row.asked_form or ""), seed)


def in_form(row: models.Poem, form: Form | None, seed: int) -> ComposeRequest:
    """The same order in another form; None: the poet chooses."""
    return ComposeRequest(
        prefix=row.asked_prefix,
        form=form,
        seed=seed,
        best_of=row.best_of,
        temperature=row.temperature,
        # The script in which its words were typed, whoever orders another one.
        script="hans" if row.script == "hans" else "hant",
        title=row.asked_title,
        acrostic=row.asked_acrostic,
        rhyme=row.asked_rhyme,
    )


def with_line_anew(row: models.Poem, line: int, seed: int) -> ComposeRequest | None:
    """The order for the same poem with one line, counted from 1, written anew; None if it has no such line.

    The beginning that was asked for stays, unless it is the whole line.
    """
    form, lines = FORMS.get(row.form or ""), lines_of(row.text)
    if form is None or not 1 <= line <= len(lines):
        return None
    typed, _ = usable(row.asked_prefix or "")
    fills_line = sum(map(is_hanzi, typed)) >= line * form.line_length
    keep = tuple(None if number == line else text for number, text in enumerate(lines, 1))
    order = in_form(row, None, seed)
    return replace(order, prefix=None if fills_line else order.prefix, keep=keep)
