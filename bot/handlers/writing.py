"""Write a poem, keep it, send it with its buttons: the end of every command and button that asks for one."""

import asyncio
import secrets
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Final

from sqlalchemy.orm import Session
from telegram import Chat, InlineKeyboardMarkup, MaybeInaccessibleMessage
from telegram.constants import ChatAction, ChatType
from telegram.error import TelegramError

from bot.context import Context
from bot.errors import NotComposedError
from bot.handlers.answering import answer_below
from bot.orders import row_of
from bot.storage import models
from bot.storage.keeping import answered, is_favourite
from bot.storage.poems import Descent, add_poem, last_texts, note_message, tally
from bot.view.keyboards import Shown, poem_keyboard
from bot.view.language import Language
from bot.view.messages import Html, Say
from bot.view.poems import poem_message
from bot.watching.subject import on_poem
from poetcore.errors import RequestError
from poetcore.generation import ComposeRequest

# "Typing" is a courtesy: a poem does not wait longer than this for it.
_TYPING_S: Final = 1.0


def new_seed() -> int:
    """For a poem like none before."""
    return secrets.randbits(31)


async def write(
    context: Context, place: MaybeInaccessibleMessage, request: ComposeRequest, descent: Descent | None = None
) -> None:
    """Answer a message, or a press below one, with the poem that is asked for, or with why there is none."""
    recent = await context.services.database.run(partial(last_texts, chat_id=place.chat.id))
    composing = context.services.composer.compose(replace(request, recent=recent), context.reader.id)
    try:
        poem, _ = await asyncio.gather(composing, show_doing(place.chat, ChatAction.TYPING))
    except RequestError:
        await answer_below(context.bot, place, context.say("compose-no-hanzi"))
    except NotComposedError as error:
        await answer_below(context.bot, place, context.say(error.key))
    else:
        row = row_of(request, poem, user_id=context.reader.id, chat_id=place.chat.id)
        await _keep_and_send(context, place, row, descent, poem.relaxed)


async def show_doing(chat: Chat, action: ChatAction) -> None:
    """Show that something is on its way."""
    with suppress(TelegramError, TimeoutError):
        async with asyncio.timeout(_TYPING_S):
            await chat.send_action(action)


async def send_kept(context: Context, place: MaybeInaccessibleMessage, row: models.Poem) -> None:
    """Answer with a poem that was written before; it stands in the chat already, or its buttons do nothing there."""
    keyboard = await full_keyboard(context, row.id, place.chat)
    await answer_below(context.bot, place, poem_message(row, context.script), keyboard)


async def full_keyboard(context: Context, poem_id: int, chat: Chat) -> InlineKeyboardMarkup:
    """All buttons of a poem as they are now; the star is the reader's where they are alone with the bot."""
    reader_id = context.reader.id if chat.type == ChatType.PRIVATE else None
    shown = await context.services.database.run(partial(_shown, poem_id=poem_id, reader_id=reader_id))
    return keyboard_of(context, shown)


def keyboard_of(context: Context, shown: Shown) -> InlineKeyboardMarkup:
    """All buttons of a poem, in the reader's words."""
    return poem_keyboard(shown, context.say, cards=context.services.font is not None)


async def _keep_and_send(
    context: Context,
    place: MaybeInaccessibleMessage,
    row: models.Poem,
    descent: Descent | None,
    relaxed: tuple[str, ...],
) -> None:
    database = context.services.database
    # Kept first: its buttons carry its id, and a poem that a reader sees can be rated whatever happens next.
    poem_id = await database.run(partial(_keep, row=row, descent=descent))
    on_poem(poem_id)
    text = "\n\n".join((poem_message(row, context.script), *_not_kept(context.say, relaxed)))
    message_id = await answer_below(context.bot, place, text, keyboard_of(context, Shown(poem_id)))
    await database.run(partial(note_message, poem_id=poem_id, message_id=message_id))


def _not_kept(say: Say, relaxed: tuple[str, ...]) -> tuple[Html, ...]:
    """What had to be given up of the request, in one line; nothing as a rule."""
    if not relaxed:
        return ()
    separator = ", " if say.language is Language.ENGLISH else "、"
    return (say("compose-not-kept", what=separator.join(say.plain(f"compose-{name}") for name in relaxed)),)


def _keep(session: Session, row: models.Poem, descent: Descent | None) -> int:
    # Whoever got a poem does not mean their next words as the answer to what was asked before.
    answered(session, row.chat_id)
    return add_poem(session, row, descent)


def _shown(session: Session, poem_id: int, reader_id: int | None) -> Shown:
    starred = reader_id is not None and is_favourite(session, reader_id, poem_id)
    return Shown(poem_id, tally(session, poem_id), starred)
