"""/forget: erase a reader wholly, after they said so twice."""

from functools import partial

from telegram import Update

from bot.api import quietly
from bot.context import Context
from bot.handlers.answering import answer
from bot.handlers.listing import list_for_one
from bot.handlers.privately import in_private
from bot.storage.forgetting import forget
from bot.view.forgetting import forget_keyboard, forget_press


@in_private
async def ask_to_forget(update: Update, context: Context) -> None:
    """Answer `/forget` with what would go, and ask."""
    if message := update.message:
        await answer(message, context.say("forget-ask"), forget_keyboard(context.reader.id, context.say))


async def press_forget(update: Update, context: Context) -> None:
    """Erase the reader, or not. It is done, in one transaction, before they hear of it."""
    query = update.callback_query
    pressed = forget_press(query.data) if query else None
    if query is None:
        return
    if pressed is None or pressed.user_id != context.reader.id:
        await quietly("answer to a press", query.answer())
        return
    if pressed.confirmed:
        await context.services.database.run(partial(forget, user_id=context.reader.id))
    await quietly("answer to a press", query.answer())
    text = context.say("forget-done" if pressed.confirmed else "forget-not-done")
    await quietly("end of /forget", query.edit_message_text(text, parse_mode="HTML"))
    if pressed.confirmed:
        is_administrator = context.reader.id in context.services.settings.admins
        await list_for_one(context.bot, context.reader.id, None, is_administrator=is_administrator)
