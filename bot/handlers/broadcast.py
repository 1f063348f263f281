"""/broadcast: an administrator's message to every chat, previewed, confirmed, followed and stopped in one message."""

from functools import partial
from typing import Final

from telegram import CallbackQuery, Message, Update
from telegram.constants import MessageLimit

from bot.api import quietly
from bot.context import Context
from bot.handlers.administrators import for_administrators
from bot.handlers.answering import answer
from bot.handlers.commands import spoken
from bot.storage.audit import Action, audited
from bot.storage.broadcasts import call_off, confirm, count_recipients, draft, note_control, progress
from bot.storage.models import now
from bot.view.broadcast import (
    BroadcastPress,
    broadcast_press,
    draft_keyboard,
    progress_keyboard,
    progress_message,
)
from bot.view.messages import Html, Say

# The preview's own words stand around it.
_LONGEST: Final = MessageLimit.MAX_TEXT_LENGTH - 200


@for_administrators
async def broadcast(update: Update, context: Context) -> None:
    """Show an administrator what their message looks like and how many it goes to; hide the command from others."""
    message = update.message
    if message is None or message.from_user is None:
        return
    say, text = context.say, text_to_send(message)
    if text is None:
        await answer(message, say("broadcast-help"))
    elif len(text) > _LONGEST:
        await answer(message, say("broadcast-too-long"))
    else:
        await _preview(context, message, text, say)


async def press_broadcast(update: Update, context: Context) -> None:
    """Confirm, discard or cancel."""
    query = update.callback_query
    if query is None:
        return
    say, press = context.say, broadcast_press(query.data)
    if press is None or query.from_user.id not in context.services.settings.admins:
        await quietly("answer to a press", query.answer(say.plain("broadcast-gone")))
        return
    did = await _do(context, press, query.from_user.id)
    await quietly("answer to a press", query.answer(None if did else say.plain("broadcast-gone")))
    await quietly("showing a broadcast", _show(context, query, press.broadcast_id, say))


def text_to_send(message: Message) -> str | None:
    """The message's HTML behind the command, else that of the text it answers; None if there is neither."""
    html = message.text_html or ""
    command = spoken(html)
    own = command.words.strip() if command else ""
    if own:
        return own
    answered = message.reply_to_message
    return (answered.text_html or "").strip() or None if answered is not None and answered.text else None


async def _preview(context: Context, message: Message, text: str, say: Say) -> None:
    database, admin_id = context.services.database, message.chat.id
    if message.from_user is not None:
        admin_id = message.from_user.id
    work = partial(draft, admin_id=admin_id, chat_id=message.chat.id, text=text, at=now())
    broadcast_id = await database.run(work)
    chats = await database.run(count_recipients)
    preview = say("broadcast-preview", chats=chats, text=Html(text))
    message_id = await answer(message, preview, draft_keyboard(broadcast_id, say))
    await database.run(partial(note_control, broadcast_id=broadcast_id, message_id=message_id))


async def _do(context: Context, press: BroadcastPress, admin_id: int) -> bool:
    database = context.services.database
    if press.what == "confirm":
        action, work = Action.BROADCAST, partial(confirm, broadcast_id=press.broadcast_id, admin_id=admin_id, at=now())
    else:
        action, work = Action.BROADCAST_STOP, partial(call_off, broadcast_id=press.broadcast_id, admin_id=admin_id)
    did = await database.run(audited(work, str(admin_id), action, str(press.broadcast_id)))
    context.services.broadcaster.wake()
    return did


async def _show(context: Context, query: CallbackQuery, broadcast_id: int, say: Say) -> None:
    known = await context.services.database.run(partial(progress, broadcast_id=broadcast_id))
    if known is not None:
        keyboard = progress_keyboard(known, say)
        await query.edit_message_text(progress_message(known, say), parse_mode="HTML", reply_markup=keyboard)
