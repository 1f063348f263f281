"""/poem, /title, /acrostic, /continue: write a poem, keep it, send it."""

import asyncio
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Final

from telegram import Chat, Message, Update, User
from telegram.constants import ChatAction
from telegram.error import TelegramError

from bot.asking import asked_for
from bot.context import Context
from bot.handlers.answering import answer
from bot.storage import models
from bot.storage.poems import Tally, add_poem, note_message
from bot.view.keyboards import rating_keyboard
from bot.view.language import Language, script_of
from bot.view.messages import Html, Say, say_for
from bot.view.poems import poem_message
from poetcore.errors import RequestError
from poetcore.generation import ComposeRequest, Poem

# "Typing" is a courtesy: a poem does not wait longer than this for it.
_TYPING_S: Final = 1.0


async def compose(update: Update, context: Context) -> None:
    """Answer `/poem [beginning] [form]`."""
    await _compose(update, context, lambda words: ComposeRequest(prefix=words))


async def compose_on_title(update: Update, context: Context) -> None:
    """Answer `/title title [form]`."""
    await _compose(update, context, lambda words: ComposeRequest(title=words), missing="compose-which-title")


async def compose_acrostic(update: Update, context: Context) -> None:
    """Answer `/acrostic characters [form]`."""
    await _compose(update, context, lambda words: ComposeRequest(acrostic=words), missing="compose-which-acrostic")


async def go_on(update: Update, context: Context) -> None:
    """Answer `/continue lines [form]`."""
    await _compose(update, context, lambda words: ComposeRequest(prefix=words), missing="compose-which-beginning")


async def _compose(
    update: Update, context: Context, request_of: Callable[[str | None], ComposeRequest], missing: str | None = None
) -> None:
    """Write what `request_of` the words asks for; without words, say `missing` if there is such a message."""
    message, reader = update.message, update.effective_user
    if message is None or reader is None:
        return
    say = say_for(reader.language_code)
    asked = asked_for(context.words)
    if asked is None or (missing and asked.prefix is None):
        await answer(message, say("compose-two-forms" if asked is None else missing or ""))
        return
    request = replace(
        request_of(asked.prefix), form=asked.form, seed=secrets.randbits(31), script=script_of(reader.language_code)
    )
    try:
        poem, _ = await asyncio.gather(context.services.composer.compose(request), _show_typing(message.chat))
    except RequestError:
        await answer(message, say("compose-no-hanzi"))
        return
    await _keep_and_send(context, message, reader, request, poem)


async def _show_typing(chat: Chat) -> None:
    with suppress(TelegramError, TimeoutError):
        async with asyncio.timeout(_TYPING_S):
            await chat.send_action(ChatAction.TYPING)


async def _keep_and_send(context: Context, message: Message, reader: User, request: ComposeRequest, poem: Poem) -> None:
    database = context.services.database
    # Kept first: its buttons carry its id, and a poem that a reader sees can be rated whatever happens next.
    poem_id = await database.run(partial(add_poem, poem=_row(message, reader, request, poem)))
    text = "\n\n".join((poem_message(poem, request.script), *_not_kept(say_for(reader.language_code), poem)))
    message_id = await answer(message, text, rating_keyboard(poem_id, Tally(0, 0)))
    await database.run(partial(note_message, poem_id=poem_id, message_id=message_id))


def _not_kept(say: Say, poem: Poem) -> tuple[Html, ...]:
    """What had to be given up of the request, in one line; nothing as a rule."""
    if not poem.relaxed:
        return ()
    separator = ", " if say.language is Language.ENGLISH else "、"
    return (say("compose-not-kept", what=separator.join(say.plain(f"compose-{name}") for name in poem.relaxed)),)


def _row(message: Message, reader: User, request: ComposeRequest, poem: Poem) -> models.Poem:
    return models.Poem(
        user_id=reader.id,
        chat_id=message.chat.id,
        asked_prefix=request.prefix,
        asked_form=request.form.name if request.form else None,
        asked_title=request.title,
        asked_acrostic=request.acrostic,
        script=request.script,
        best_of=request.best_of,
        temperature=request.temperature,
        seed=request.seed,
        poet=poem.poet,
        text=poem.traditional,
        form=poem.form,
        score=poem.score,
    )
