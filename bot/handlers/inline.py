"""Inline mode: `@bot 月` in any chat offers poems; the one that is sent is kept, and can be rated where it stands.

What is offered is not kept: a reader who types offers themselves many poems and sends one. Its id says how it came
about, so it is written once more when it was chosen, by whichever process hears of that. Telegram tells bots of choices
only where BotFather's /setinlinefeedback is on.
"""

import asyncio
import logging
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Final

from telegram import Update

from bot.api import quietly
from bot.asking import Asked, What, plainly_asked
from bot.context import Context
from bot.errors import NotComposedError
from bot.handlers.rate import count, toast_of
from bot.handlers.writing import new_seed
from bot.orders import order, row_of
from bot.storage.inline import is_overtaken, keep_chosen, press_inline
from bot.view.inline import (
    OfDay,
    Offer,
    Seeded,
    Source,
    hint_button,
    inline_keyboard,
    inline_press,
    message_id_in,
    result_id,
    result_of,
    source_in,
)
from poetcore.errors import RequestError
from poetcore.generation import ComposeRequest, Poem

_OFFERED: Final = 3
# They are wanted while somebody types: a poem of 4 candidates takes three quarters of the time of one of 16.
_CANDIDATES: Final = 4
_LONGEST_QUERY: Final = 60
_CACHED_S: Final = 10
_OFFERED_FOR: Final = timedelta(days=1)

_log = logging.getLogger(__name__)


async def offer(update: Update, context: Context) -> None:
    """Answer an inline query with poems: to its words, or of the day; with the way to help if there are none."""
    query = update.inline_query
    if query is None:
        return
    work = partial(is_overtaken, bot_id=context.bot.id, reader_id=context.reader.id, update_id=update.update_id)
    if await context.services.database.run(work):
        return
    offers = await _offers(query.query, context)
    answering = query.answer(
        [result_of(one, context.script) for one in offers],
        cache_time=_CACHED_S,
        is_personal=True,
        button=None if offers else hint_button(context.say),
    )
    await quietly("answer to an inline query", answering)


async def keep_choice(update: Update, context: Context) -> None:
    """Keep the poem that a reader sent, so that it can be rated."""
    chosen = update.chosen_inline_result
    if chosen is None:
        return
    source, message_id = source_in(chosen.result_id), message_id_in(chosen.inline_message_id)
    made = await _try_to_make(source, chosen.query, context) if source and message_id else None
    if made is None or message_id is None or result_id(made) != chosen.result_id:
        _log.info("the poem that was chosen is not kept: it is not written like this any more")
        return
    await context.services.database.run(partial(keep_chosen, poem=made.poem, message_id=message_id))


async def rate_inline(update: Update, context: Context) -> None:
    """Store a press of 👍 or 👎 below an inline message, and show it."""
    query = update.callback_query
    if query is None:
        return
    value, message_id = inline_press(query.data), message_id_in(query.inline_message_id)
    outcome = None
    if value is not None and message_id is not None:
        work = partial(press_inline, message_id=message_id, user_id=context.reader.id, value=value)
        outcome = await context.services.database.run(work)
    if outcome is None or value is None:
        await quietly("answer to a press", query.answer(context.say.plain("rate-poem-gone")))
        return
    did, tally = outcome
    count(did, value)
    await asyncio.gather(
        quietly("answer to a press", query.answer(toast_of(context.say, did, value))),
        quietly("update of a tally", query.edit_message_reply_markup(inline_keyboard(tally))),
    )


async def _offers(words: str, context: Context) -> list[Offer]:
    if len(words) > _LONGEST_QUERY:
        return []
    today = _today()
    sources: list[Source] = [Seeded(new_seed()) if words.strip() else OfDay(today, place) for place in range(_OFFERED)]
    made = await asyncio.gather(*(_try_to_make(source, words, context, context.reader.id) for source in sources))
    return [one for one in made if one is not None]


async def _try_to_make(source: Source, words: str, context: Context, waits: int | None = None) -> Offer | None:
    """Write a poem, for the first time or again; None if the words ask for none, or it is not to be had now.

    `waits` is the reader in whose turn it is written; None: it is written at once.
    """
    try:
        request, poem = await _write(source, words, context, waits)
    except (RequestError, NotComposedError):
        return None
    return Offer(source, row_of(request, poem, user_id=context.reader.id, chat_id=context.reader.id))


async def _write(source: Source, words: str, context: Context, waits: int | None) -> tuple[ComposeRequest, Poem]:
    services = context.services
    if isinstance(source, OfDay):
        # Another day's was offered to nobody who still chooses.
        if abs(source.day - _today()) > _OFFERED_FOR:
            raise RequestError("that day is over")
        return await services.anthology.poem(source.day, source.place)
    asked = plainly_asked(words)
    if asked is None or asked == Asked():
        raise RequestError("nothing is asked for")
    request = replace(order(asked, What.PREFIX, context.script, source.seed), best_of=_CANDIDATES)
    return request, await services.composer.compose(request, waits)


def _today() -> date:
    return datetime.now(UTC).date()
