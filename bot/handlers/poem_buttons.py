"""The buttons below a poem, all but 👍 and 👎. They work where the poem stands, for everyone who reads it there.

Whoever presses "another" or a line gets a poem of their own: in a group, too, the poem that stands there stays.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from telegram import CallbackQuery, InlineKeyboardMarkup, MaybeInaccessibleMessage, Message, Update
from telegram.constants import ChatType

from bot.api import quietly
from bot.context import Context
from bot.handlers.answering import answer_below, changes
from bot.handlers.card import send_card
from bot.handlers.sharing import send_link
from bot.handlers.writing import full_keyboard, new_seed, write
from bot.orders import again, in_form, with_line_anew
from bot.storage.keeping import toggle_favourite
from bot.storage.models import Poem
from bot.storage.poems import Descent, poem_at
from bot.view.keyboards import (
    Act,
    PoemPress,
    forms_keyboard,
    in_script,
    lines_keyboard,
    papers_keyboard,
    poem_press,
    with_star,
)
from bot.view.scanning import scan_message
from bot.watching.subject import on_poem
from poetcore.prosody import FORMS, scan
from poetcore.prosody.text import lines_of

Doing = Callable[[Context, MaybeInaccessibleMessage, Poem, PoemPress], Awaitable[None]]


async def press_poem(update: Update, context: Context) -> None:
    """Do what a button says; of a poem that does not stand in this chat, say that it is gone."""
    query = update.callback_query
    if query is None:
        return
    pressed, place = poem_press(query.data), query.message
    poem = None
    if pressed is not None and place is not None:
        work = partial(poem_at, poem_id=pressed.poem_id, chat_id=place.chat.id)
        poem = await context.services.database.run(work)
    if poem is not None:
        on_poem(poem.id)
    if pressed is None or place is None or poem is None:
        await quietly("answer to a press", query.answer(context.say.plain("rate-poem-gone")))
    elif pressed.act is Act.STAR:
        await _star(context, query, place, poem)
    else:
        await asyncio.gather(
            quietly("answer to a press", query.answer()), _DOINGS[pressed.act](context, place, poem, pressed)
        )


async def _star(context: Context, query: CallbackQuery, place: MaybeInaccessibleMessage, poem: Poem) -> None:
    work = partial(toggle_favourite, user_id=context.reader.id, poem_id=poem.id)
    starred = await context.services.database.run(work)
    toast = context.say.plain("poem-starred" if starred else "poem-unstarred")
    await quietly("answer to a press", query.answer(toast))
    # In a group the star is one button for many readers: it says nothing of any of them.
    if place.chat.type == ChatType.PRIVATE:
        shown = place.reply_markup if isinstance(place, Message) else None
        keyboard = with_star(shown, poem.id, starred=starred) if shown else None
        await _show(context, place, keyboard or await full_keyboard(context, poem.id, place.chat))


async def _menu(context: Context, place: MaybeInaccessibleMessage, poem: Poem, _: PoemPress) -> None:
    await _show_all(context, place, poem)


async def _again(context: Context, place: MaybeInaccessibleMessage, poem: Poem, _: PoemPress) -> None:
    await write(context, place, again(poem, new_seed()))


async def _lines(context: Context, place: MaybeInaccessibleMessage, poem: Poem, _: PoemPress) -> None:
    lines = [in_script(line, context.script) for line in lines_of(poem.text)]
    await _show(context, place, lines_keyboard(poem.id, lines, context.say))


async def _line(context: Context, place: MaybeInaccessibleMessage, poem: Poem, pressed: PoemPress) -> None:
    line = int(pressed.choice)
    request = with_line_anew(poem, line, new_seed())
    if await _show_all(context, place, poem) and request is not None:
        await write(context, place, request, Descent(poem.id, line))


async def _forms(context: Context, place: MaybeInaccessibleMessage, poem: Poem, _: PoemPress) -> None:
    await _show(context, place, forms_keyboard(poem.id, poem.form, context.script, context.say))


async def _form(context: Context, place: MaybeInaccessibleMessage, poem: Poem, pressed: PoemPress) -> None:
    if await _show_all(context, place, poem):
        await write(context, place, in_form(poem, FORMS[pressed.choice], new_seed()))


async def _cards(context: Context, place: MaybeInaccessibleMessage, poem: Poem, _: PoemPress) -> None:
    await _show(context, place, papers_keyboard(poem.id, context.say))


async def _card(context: Context, place: MaybeInaccessibleMessage, poem: Poem, pressed: PoemPress) -> None:
    if await _show_all(context, place, poem):
        await send_card(context, place, poem, "dark" if pressed.choice == "dark" else "light")


async def _scan(context: Context, place: MaybeInaccessibleMessage, poem: Poem, _: PoemPress) -> None:
    await answer_below(context.bot, place, scan_message(scan(poem.text), context.script, context.say))


async def _share(context: Context, place: MaybeInaccessibleMessage, poem: Poem, _: PoemPress) -> None:
    await send_link(context, place, poem)


async def _show_all(context: Context, place: MaybeInaccessibleMessage, poem: Poem) -> bool:
    """Put all buttons below the poem again, as when one of a few was chosen; False if they are there already."""
    return await _show(context, place, await full_keyboard(context, poem.id, place.chat))


async def _show(context: Context, place: MaybeInaccessibleMessage, keyboard: InlineKeyboardMarkup) -> bool:
    """Put other buttons below the message, if it is still there; False if they are there already."""
    edit = context.bot.edit_message_reply_markup(
        chat_id=place.chat.id, message_id=place.message_id, reply_markup=keyboard
    )
    return await changes("showing buttons", edit)


POSTING: Final = frozenset({Act.AGAIN, Act.LINE, Act.FORM, Act.CARD, Act.SCAN, Act.SHARE})
"""What is answered with a message."""

_DOINGS: Final[dict[Act, Doing]] = {
    Act.MENU: _menu,
    Act.AGAIN: _again,
    Act.LINES: _lines,
    Act.LINE: _line,
    Act.FORMS: _forms,
    Act.FORM: _form,
    Act.CARDS: _cards,
    Act.CARD: _card,
    Act.SCAN: _scan,
    Act.SHARE: _share,
}
