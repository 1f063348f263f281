"""/settings: the language in which the bot speaks to a reader, and the script of their poems."""

import asyncio
from functools import partial

from sqlalchemy.orm import Session
from telegram import CallbackQuery, Update

from bot.api import quietly
from bot.context import Context
from bot.handlers.answering import answer
from bot.handlers.listing import list_for_one
from bot.handlers.privately import in_private
from bot.storage.preferences import Preference, choose_language, choose_script, preference_of
from bot.view.language import Language
from bot.view.preferences import PreferencePress, preference_press, preferences_keyboard, preferences_message
from bot.view.reader import reader_of


@in_private
async def show_preferences(update: Update, context: Context) -> None:
    """Answer `/settings` with what holds, and buttons to change it."""
    if message := update.message:
        preference = await context.services.database.run(partial(preference_of, user_id=context.reader.id))
        await answer(message, preferences_message(context.reader), preferences_keyboard(preference, context.say))


async def press_preference(update: Update, context: Context) -> None:
    """Choose; what the bot says from then on follows it, beginning with the message itself."""
    query = update.callback_query
    pressed = preference_press(query.data) if query else None
    if query is None:
        return
    if pressed is None:
        await quietly("answer to a press", query.answer())
        return
    preference = await context.services.database.run(partial(_choose, user_id=context.reader.id, pressed=pressed))
    context.reader = reader_of(context.reader.id, preference)
    await asyncio.gather(
        quietly("answer to a press", query.answer(context.say.plain("settings-changed"))),
        quietly("showing settings", _show(query, context, preference)),
        _list_anew(context, pressed),
    )


def _choose(session: Session, user_id: int, pressed: PreferencePress) -> Preference:
    choose = choose_language if pressed.what == "language" else choose_script
    choose(session, user_id, pressed.value)
    return preference_of(session, user_id)


async def _show(query: CallbackQuery, context: Context, preference: Preference) -> None:
    keyboard = preferences_keyboard(preference, context.say)
    await query.edit_message_text(preferences_message(context.reader), parse_mode="HTML", reply_markup=keyboard)


async def _list_anew(context: Context, pressed: PreferencePress) -> None:
    if pressed.what == "language":
        chosen = Language(pressed.value) if pressed.value else None
        is_administrator = context.reader.id in context.services.settings.admins
        await list_for_one(context.bot, context.reader.id, chosen, is_administrator=is_administrator)
