"""👍 and 👎 below a poem."""

import asyncio
from functools import partial

from telegram import CallbackQuery, Message, Update

from bot.api import quietly
from bot.context import Context
from bot.handlers.writing import full_keyboard
from bot.storage.poems import Pressed, Tally, press
from bot.view.keyboards import rating_press, with_tally
from bot.view.messages import Say
from bot.watching.metrics import RATINGS
from bot.watching.subject import on_poem


async def rate(update: Update, context: Context) -> None:
    """Store a press, then show it: in a toast to the reader and on the buttons to everyone.

    What shows it may fail (the press is too old, the message deleted, the tally as before): the rating stands.
    """
    query = update.callback_query
    if query is None:
        return
    say = context.say
    pressed = rating_press(query.data)
    chat_id = query.message.chat.id if query.message else None
    if pressed is None or chat_id is None:
        await quietly("answer to a press", query.answer(say.plain("rate-poem-gone")))
        return
    work = partial(press, poem_id=pressed.poem_id, chat_id=chat_id, user_id=query.from_user.id, value=pressed.value)
    outcome = await context.services.database.run(work)
    if outcome is None:
        await quietly("answer to a press", query.answer(say.plain("rate-poem-gone")))
        return
    did, tally = outcome
    on_poem(pressed.poem_id)
    count(did, pressed.value)
    await asyncio.gather(
        quietly("answer to a press", query.answer(toast_of(say, did, pressed.value))),
        quietly("update of a tally", _show_tally(context, query, pressed.poem_id, tally)),
    )


def count(did: Pressed, value: int) -> None:
    """Count a press among the ratings."""
    RATINGS.labels("0" if did is Pressed.WITHDRAWN else str(value)).inc()


def toast_of(say: Say, did: Pressed, value: int) -> str:
    """What a press did, in words."""
    if did is Pressed.WITHDRAWN:
        return say.plain("rate-withdrawn")
    return say.plain("rate-up" if value > 0 else "rate-down")


async def _show_tally(context: Context, query: CallbackQuery, poem_id: int, tally: Tally) -> None:
    """Only the numbers change: the other buttons are in the words of whoever asked for the poem."""
    place = query.message
    if place is None:
        return
    shown = place.reply_markup if isinstance(place, Message) else None
    keyboard = with_tally(shown, poem_id, tally) if shown else await full_keyboard(context, poem_id, place.chat)
    await context.bot.edit_message_reply_markup(
        chat_id=place.chat.id, message_id=place.message_id, reply_markup=keyboard
    )
