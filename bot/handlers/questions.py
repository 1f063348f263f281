"""The questions for the words of a request, and which of them plain words answer."""

import re
from functools import partial
from typing import Final

from telegram import ForceReply, MaybeInaccessibleMessage, Message
from telegram.constants import ChatType
from telegram.helpers import mention_html

from bot.asking import What, asked_for
from bot.context import Context
from bot.handlers.answering import answer_below
from bot.handlers.commands import is_asked
from bot.storage.keeping import Asking, answered, ask
from bot.view.keyboards import in_script
from poetcore.prosody import Form

_COMMANDS: Final = {"continue": What.PREFIX, "title": What.TITLE, "acrostic": What.ACROSTIC}
_NAMES: Final = {what: name for name, what in _COMMANDS.items()}
_EXAMPLE: Final = re.compile(f"/({'|'.join(_COMMANDS)}) (.+)")


async def ask_for(context: Context, place: MaybeInaccessibleMessage, what: What, form: Form | None = None) -> None:
    """Ask for the words of a request; in a private chat the next message is the answer, after a restart too.

    In a group the answer is a reply of the reader who is asked. Nothing is kept of it: the question names the reader,
    and its example, a command that does as well, tells what is asked for.
    """
    example, name = context.say.plain(f"compose-example-{what}"), ""
    request = ForceReply(selective=True, input_field_placeholder=example)
    if place.chat.type == ChatType.PRIVATE:
        asking = Asking(what, form.name if form else None)
        await context.services.database.run(partial(ask, chat_id=place.chat.id, asking=asking))
    else:
        name = f"{mention_html(context.reader.id, '✎')} "
        example = " ".join((f"/{_NAMES[what]}", example, *([in_script(form.name, context.script)] if form else ())))
    await answer_below(context.bot, place, name + context.say(f"compose-which-{what}", example=example), request)


async def question_for(context: Context, message: Message) -> Asking | None:
    """The question that plain words answer: in a private chat the one that waits, in a group the one replied to."""
    if message.chat.type == ChatType.PRIVATE:
        return await context.services.database.run(partial(answered, chat_id=message.chat.id))
    question = message.reply_to_message
    example = _EXAMPLE.search(question.text or "") if question is not None and is_asked(message) else None
    asked = asked_for(example[2]) if example else None
    if example is None or asked is None:
        return None
    return Asking(_COMMANDS[example[1]], asked.form.name if asked.form else None)
