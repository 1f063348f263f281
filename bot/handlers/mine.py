"""/mine and /favourites: a reader's poems page by page, in one message that is edited."""

import asyncio
from functools import partial

from telegram import CallbackQuery, Update

from bot.api import quietly
from bot.context import Context
from bot.handlers.answering import answer
from bot.handlers.privately import in_private
from bot.handlers.writing import send_kept
from bot.storage.shelves import Shelf, open_from_shelf, page_of
from bot.view.shelves import TurnPress, open_press, page_keyboard, page_message, turn_press


@in_private
async def show_mine(update: Update, context: Context) -> None:
    """Answer `/mine` with the newest of the reader's poems."""
    await _show(update, context, Shelf.MINE)


@in_private
async def show_favourites(update: Update, context: Context) -> None:
    """Answer `/favourites` with the newest of the poems that the reader keeps."""
    await _show(update, context, Shelf.FAVOURITES)


async def press_shelf(update: Update, context: Context) -> None:
    """Turn the page, or open a poem. Each reader finds their own poems behind these buttons, wherever they got them."""
    query = update.callback_query
    if query is None or query.message is None:
        return
    turned, poem_id = turn_press(query.data), open_press(query.data)
    if turned is not None:
        turning = quietly("turning a page", _turn(query, context, turned))
        await asyncio.gather(quietly("answer to a press", query.answer()), turning)
    elif poem_id is not None:
        await _open(query, context, poem_id)
    else:
        await quietly("answer to a press", query.answer())


async def _show(update: Update, context: Context, shelf: Shelf) -> None:
    if message := update.message:
        page = await context.services.database.run(partial(page_of, shelf=shelf, user_id=context.reader.id))
        await answer(message, page_message(page, shelf, context.script, context.say), page_keyboard(page, shelf))


async def _turn(query: CallbackQuery, context: Context, pressed: TurnPress) -> None:
    work = partial(page_of, shelf=pressed.shelf, user_id=context.reader.id, turn=pressed.turn)
    page = await context.services.database.run(work)
    text = page_message(page, pressed.shelf, context.script, context.say)
    await query.edit_message_text(text, parse_mode="HTML", reply_markup=page_keyboard(page, pressed.shelf))


async def _open(query: CallbackQuery, context: Context, poem_id: int) -> None:
    if query.message is None:
        return
    work = partial(open_from_shelf, poem_id=poem_id, user_id=context.reader.id, chat_id=query.message.chat.id)
    poem = await context.services.database.run(work)
    if poem is None:
        await quietly("answer to a press", query.answer(context.say.plain("rate-poem-gone")))
        return
    await quietly("answer to a press", query.answer())
    await send_kept(context, query.message, poem)
