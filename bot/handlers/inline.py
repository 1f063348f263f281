"""Inline mode: `@bot 月` in any chat offers poems; the one that is sent is kept, and can be rated where it stands.

What is offered is not kept: a reader who types offers themselves many poems and sends one. Its id says how it came
about, so it is written once more when it was chosen, by whichever process hears of that. Telegram tells bots of choices
only where BotFather's /setinlinefeedback is on.
"""

import asyncio
import logging
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Final

from telegram import Update

from bot.api import quietly
from bot.asking import Asked, plainly_asked
from bot.context import Context
from bot.errors import NotComposedError
from bot.handlers.compose import What, order
from bot.handlers.rate import count, toast_of
from bot.handlers.writing import new_seed
from bot.orders import row_of
from bot.storage.inline import is_overtaken, keep_chosen, press_inline
from bot.view.inline import (
    OfDay,
    Offer,
    Seeded,
    Source,
    hint_button,
    inline_keyboard,
    inline_press,
    result_id,
    result_of,
    source_in,
)
from poetcore.errors import RequestError

_OFFERED: Final = 3
# They are wanted while somebody types: 30 ms a poem instead of 90.
_CANDIDATES: Final = 4
_LONGEST_QUERY: Final = 60
_CACHED_S: Final = 10

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
    source = source_in(chosen.result_id) if chosen else None
    if chosen is None or source is None or chosen.inline_message_id is None:
        return
    try:
        made = await _make(source, chosen.query, context)
    except (RequestError, NotComposedError):
        # No poem was offered to such words.
        return
    if result_id(made) != chosen.result_id:
        _log.info("update %s: a poem was chosen that is not written again; another poet serves", update.update_id)
        return
    await context.services.database.run(partial(keep_chosen, poem=made.poem, message_id=chosen.inline_message_id))


async def rate_inline(update: Update, context: Context) -> None:
    """Store a press of 👍 or 👎 below an inline message, and show it."""
    query = update.callback_query
    value = inline_press(query.data) if query else None
    if query is None:
        return
    if value is None or query.inline_message_id is None:
        await quietly("answer to a press", query.answer())
        return
    work = partial(press_inline, message_id=query.inline_message_id, user_id=context.reader.id, value=value)
    outcome = await context.services.database.run(work)
    if outcome is None:
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
    today = datetime.now(UTC).date()
    sources: list[Source] = [Seeded(new_seed()) if words.strip() else OfDay(today, place) for place in range(_OFFERED)]
    try:
        return list(await asyncio.gather(*(_make(source, words, context, context.reader.id) for source in sources)))
    except (RequestError, NotComposedError):
        return []


async def _make(source: Source, words: str, context: Context, waits: int | None = None) -> Offer:
    """Write a poem, for the first time or again; `waits` is the reader in whose turn it is written, None: at once.

    Raises `RequestError` for words that ask for nothing, and `NotComposedError`.
    """
    services = context.services
    if isinstance(source, OfDay):
        request, poem = await services.anthology.poem(source.day, source.place)
    else:
        asked = plainly_asked(words)
        if asked is None or asked == Asked():
            raise RequestError("nothing is asked for")
        asking = order(asked, What.PREFIX, context.script)
        request = replace(asking, seed=source.seed, best_of=_CANDIDATES)
        poem = await services.composer.compose(request, waits)
    return Offer(source, row_of(request, poem, user_id=context.reader.id, chat_id=context.reader.id))
