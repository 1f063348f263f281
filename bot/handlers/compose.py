"""/poem, /title, /acrostic, /continue, and plain words."""

from dataclasses import replace

from telegram import Message, Update

from bot.asking import Asked, What, asked_for, plainly_asked, titled
from bot.context import Context
from bot.handlers.answering import answer
from bot.handlers.choosing import choose
from bot.handlers.commands import said_to_us
from bot.handlers.questions import ask_for, question_for
from bot.handlers.talk import hint
from bot.handlers.writing import new_seed, write
from bot.orders import order
from poetcore.prosody import FORMS, Form


async def compose(update: Update, context: Context) -> None:
    """Answer `/poem [beginning] [form] [rhyme] [《title》]`; where nothing is asked for, lead to it by keyboard."""
    message, asked = update.message, asked_for(context.words)
    if message is None:
        return
    if asked == Asked():
        await choose(update, context)
    else:
        await _compose(context, message, asked, What.PREFIX)


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
    """Answer plain words: as the answer to a question of ours, else as a beginning or a title."""
    message = update.message
    if message is None:
        return
    question, text = await question_for(context, message), said_to_us(message) or ""
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
    await write(context, message, order(replace(asked, form=asked.form or form), what, context.script, new_seed()))


def _understood(words: str, what: What) -> Asked | None:
    return titled(words) if what is What.TITLE else asked_for(words)
