"""/poem, /title, /acrostic, /continue, and plain words in a private chat."""

from dataclasses import replace
from enum import StrEnum
from functools import partial
from typing import Final

from telegram import ForceReply, MaybeInaccessibleMessage, Message, Update
from telegram.constants import ChatType

from bot.asking import Asked, asked_for, plainly_asked, titled
from bot.context import Context
from bot.handlers.answering import answer, answer_below
from bot.handlers.commands import said_to_us
from bot.handlers.talk import hint
from bot.handlers.writing import new_seed, write
from bot.orders import TEMPERATURE
from bot.storage.keeping import Asking, answered, ask
from poetcore.generation import ComposeRequest
from poetcore.prosody import FORMS, Form
from poetcore.script import Script


class What(StrEnum):
    """What the words of a request are."""

    PREFIX = "prefix"
    TITLE = "title"
    ACROSTIC = "acrostic"


_COMMANDS: Final = {What.PREFIX: "continue", What.TITLE: "title", What.ACROSTIC: "acrostic"}


async def compose(update: Update, context: Context) -> None:
    """Answer `/poem [beginning] [form] [rhyme] [《title》]`."""
    if message := update.message:
        await _compose(context, message, asked_for(context.words), What.PREFIX)


async def compose_on_title(update: Update, context: Context) -> None:
    """Answer `/title title [form] [rhyme]`; without a title ask for one."""
    await _compose_or_ask(update, context, What.TITLE)


async def compose_acrostic(update: Update, context: Context) -> None:
    """Answer `/acrostic characters [form] [rhyme] [《title》]`; without characters ask for them."""
    await _compose_or_ask(update, context, What.ACROSTIC)


async def go_on(update: Update, context: Context) -> None:
    """Answer `/continue lines [form] [rhyme] [《title》]`; without lines ask for them."""
    await _compose_or_ask(update, context, What.PREFIX)


async def compose_plainly(update: Update, context: Context) -> None:
    """Answer plain words: as the answer to a question that waits for one, else as a beginning or a title."""
    message = update.message
    if message is None:
        return
    question = await context.services.database.run(partial(answered, chat_id=message.chat.id))
    text = said_to_us(message) or ""
    if question is not None:
        what = What(question.what)
        asked = _understood(text, what)
        await _compose(context, message, asked, what, FORMS.get(question.form or ""))
        return
    asked = plainly_asked(text)
    if asked == Asked():
        await hint(update, context)
        return
    await _compose(context, message, asked, What.PREFIX)


async def ask_for(context: Context, place: MaybeInaccessibleMessage, what: What, form: Form | None = None) -> None:
    """Ask for the words of a request; in a private chat the next message is the answer, after a restart too.

    In a group the bot does not hear what is said to nobody: there the example is a command.
    """
    example, request = context.say.plain(f"compose-example-{what}"), None
    if place.chat.type == ChatType.PRIVATE:
        asking = Asking(what, form.name if form else None)
        await context.services.database.run(partial(ask, chat_id=place.chat.id, asking=asking))
        request = ForceReply(input_field_placeholder=example)
    else:
        example = f"/{_COMMANDS[what]} {example}"
    await answer_below(context.bot, place, context.say(f"compose-which-{what}", example=example), request)


def order(asked: Asked, what: What, script: Script) -> ComposeRequest:
    """The order for a poem of which the words asked for are the beginning, the title or the acrostic."""
    request = ComposeRequest(
        form=asked.form,
        title=asked.title,
        rhyme=asked.rhyme,
        script=script,
        seed=new_seed(),
        temperature=TEMPERATURE,
    )
    if what is What.TITLE:
        return request
    return replace(request, prefix=asked.prefix) if what is What.PREFIX else replace(request, acrostic=asked.prefix)


async def _compose_or_ask(update: Update, context: Context, what: What) -> None:
    message = update.message
    if message is None:
        return
    asked = _understood(context.words, what)
    if asked is not None and (asked.title if what is What.TITLE else asked.words) is None:
        await ask_for(context, message, what, asked.form)
    else:
        await _compose(context, message, asked, what)


async def _compose(
    context: Context, message: Message, asked: Asked | None, what: What, form: Form | None = None
) -> None:
    if asked is None:
        await answer(message, context.say("compose-two-forms"))
        return
    await write(context, message, order(replace(asked, form=asked.form or form), what, context.script))


def _understood(words: str, what: What) -> Asked | None:
    return titled(words) if what is What.TITLE else asked_for(words)
