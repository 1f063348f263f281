"""Links to poems: made by the share button, opened by `/start p_<id>`."""

import re
from functools import partial
from typing import Final

from telegram import MaybeInaccessibleMessage, Update
from telegram.helpers import create_deep_linked_url

from bot.context import Context
from bot.handlers.answering import answer, answer_below
from bot.handlers.talk import start
from bot.handlers.writing import send_kept
from bot.storage.models import Poem
from bot.storage.poems import open_poem, share
from bot.view.sharing import shared_poem_message, sharing_keyboard

_LINKED: Final = re.compile("p_([1-9][0-9]{0,17})")


async def start_or_open(update: Update, context: Context) -> None:
    """Answer `/start`, and `/start p_<id>` with the poem, if it was shared with this reader."""
    message = update.message
    if message is None:
        return
    if not context.words.startswith("p_"):
        await start(update, context)
        return
    linked = _LINKED.fullmatch(context.words)
    poem = None
    if linked:
        work = partial(open_poem, poem_id=int(linked[1]), chat_id=message.chat.id, user_id=context.reader.id)
        poem = await context.services.database.run(work)
    if poem is None:
        await answer(message, context.say("poem-no-such-link"))
    else:
        await send_kept(context, message, poem)


async def send_link(context: Context, place: MaybeInaccessibleMessage, poem: Poem) -> None:
    """Answer with the poem and its link, which forwarding keeps. It says nothing of who wrote it for whom."""
    work = partial(share, poem_id=poem.id, chat_id=place.chat.id)
    if await context.services.database.run(work) is None:
        await answer_below(context.bot, place, context.say("rate-poem-gone"))
        return
    link = create_deep_linked_url(context.bot.username, f"p_{poem.id}")
    text = shared_poem_message(poem, link, context.script, context.say)
    await answer_below(context.bot, place, text, sharing_keyboard(link, context.say))
