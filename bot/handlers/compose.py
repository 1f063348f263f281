"""/poem: write a poem, keep it, send it."""

import asyncio
import secrets
from contextlib import suppress
from functools import partial
from typing import Final

from telegram import Chat, Message, Update, User
from telegram.constants import ChatAction
from telegram.error import TelegramError

from bot.asking import Asked, asked_for
from bot.context import Context
from bot.handlers.answering import answer
from bot.storage import models
from bot.storage.poems import Tally, add_poem, note_message
from bot.view.keyboards import rating_keyboard
from bot.view.language import script_of
from bot.view.messages import messages_for
from bot.view.poems import poem_message
from poetcore.errors import RequestError
from poetcore.generation import ComposeRequest, Poem

# "Typing" is a courtesy: a poem does not wait longer than this for it.
_TYPING_S: Final = 1.0


async def compose(update: Update, context: Context) -> None:
    """Answer `/poem [beginning] [form]`."""
    message, reader = update.message, update.effective_user
    if message is None or reader is None:
        return
    words = messages_for(reader.language_code)
    asked = asked_for(context.words)
    if asked is None:
        await answer(message, words.two_forms)
        return
    request = _request(asked, reader)
    try:
        poem, _ = await asyncio.gather(context.services.composer.compose(request), _show_typing(message.chat))
    except RequestError:
        await answer(message, words.no_hanzi)
        return
    await _keep_and_send(context, message, reader, request, poem)


def _request(asked: Asked, reader: User) -> ComposeRequest:
    return ComposeRequest(
        prefix=asked.prefix, form=asked.form, seed=secrets.randbits(31), script=script_of(reader.language_code)
    )


async def _show_typing(chat: Chat) -> None:
    with suppress(TelegramError, TimeoutError):
        async with asyncio.timeout(_TYPING_S):
            await chat.send_action(ChatAction.TYPING)


async def _keep_and_send(context: Context, message: Message, reader: User, request: ComposeRequest, poem: Poem) -> None:
    database = context.services.database
    # Kept first: its buttons carry its id, and a poem that a reader sees can be rated whatever happens next.
    poem_id = await database.run(partial(add_poem, poem=_row(message, reader, request, poem)))
    message_id = await answer(message, poem_message(poem, request.script), rating_keyboard(poem_id, Tally(0, 0)))
    await database.run(partial(note_message, poem_id=poem_id, message_id=message_id))


def _row(message: Message, reader: User, request: ComposeRequest, poem: Poem) -> models.Poem:
    return models.Poem(
        user_id=reader.id,
        chat_id=message.chat.id,
        asked_prefix=request.prefix,
        asked_form=request.form.name if request.form else None,
        script=request.script,
        best_of=request.best_of,
        temperature=request.temperature,
        seed=request.seed,
        poet=poem.poet,
        text=poem.traditional,
        form=poem.form,
        score=poem.score,
    )
