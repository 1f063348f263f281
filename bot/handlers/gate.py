"""The gate before all handlers: what is not ours stays outside, what was answered before is not answered again.

Nor is what a banned reader sends; and who asks for too much is asked to wait: once, but below a button each time.
"""

import math
import re
from collections.abc import Collection
from functools import partial
from typing import Final

from sqlalchemy.orm import Session
from telegram import CallbackQuery, Message, Update
from telegram.constants import ChatType
from telegram.ext import ApplicationHandlerStop

from bot.api import quietly
from bot.context import Context
from bot.handlers.administrators import Handler
from bot.handlers.answering import answer
from bot.handlers.commands import is_in_its_name, is_to_us, said_to_us, spoken
from bot.handlers.poem_buttons import POSTING
from bot.manners.limits import Limits, Refusal
from bot.storage.bans import is_banned
from bot.storage.preferences import Preference
from bot.storage.readers import Arrival, admit
from bot.view.choosing import choice_pressed
from bot.view.keyboards import poem_press
from bot.view.reader import reader_of

# An IETF language tag.
_LANGUAGE: Final = re.compile(r"[A-Za-z0-9_-]{1,35}", re.ASCII)
# All anonymous administrators share one id, which is nobody's own: /id, for one, would hand it out for YUEXIA_ADMINS.
_ANONYMOUSLY: Final = frozenset({"poem", "title", "acrostic", "continue", "compose", "daily", "help"})


def gate_for(known: Collection[str]) -> Handler:
    """The gate of a bot whose commands are called so."""

    async def gate(update: Update, context: Context) -> None:
        """Let a new update from a reader pass, remember it and its reader, and tell handlers how to talk to them.

        It is remembered before it is handled: after a crash between, one answer is missing rather than one given twice.
        """
        arrival = arrival_of(update, context.bot.id, known)
        if arrival is None:
            raise ApplicationHandlerStop
        refusal = _refusal(update, arrival.user_id, context.services.limits)
        if refusal is not None and not refusal.is_first and update.callback_query is None:
            raise ApplicationHandlerStop
        work = partial(_let_in, arrival=arrival, admins=context.services.settings.admins)
        preference = await context.services.database.run(work)
        if preference is None:
            raise ApplicationHandlerStop
        context.reader = reader_of(arrival.user_id, preference)
        if refusal is not None:
            await _ask_to_wait(update, context, math.ceil(refusal.wait_s))
            raise ApplicationHandlerStop

    return gate


def arrival_of(update: Update, bot_id: int, known: Collection[str]) -> Arrival | None:
    """What there is to remember of what a reader says, presses, types inline or chooses; None for anything else.

    Edited messages, posts in channels, other bots, messages in the name of a channel, and what the members of a group
    say to each other are none of our business.
    """
    message = update.message
    if message is not None and not _concerns_us(message, bot_id, known):
        return None
    source = message or update.callback_query or update.inline_query or update.chosen_inline_result
    user = source.from_user if source is not None else None
    if user is None or (user.is_bot and (message is None or not is_in_its_name(message))):
        return None
    chat, language_code = update.effective_chat, user.language_code or ""
    return Arrival(
        bot_id=bot_id,
        update_id=update.update_id,
        user_id=user.id,
        language_code=language_code if _LANGUAGE.fullmatch(language_code) else None,
        chat_id=chat.id if chat else None,
        chat_kind=chat.type if chat else None,
    )


def _concerns_us(message: Message, bot_id: int, known: Collection[str]) -> bool:
    """All that is said in a private chat; in a group what names the bot, and commands that it knows."""
    # A poem of ours that was sent through inline mode.
    if message.via_bot is not None and message.via_bot.id == bot_id:
        return False
    in_own_name = message.sender_chat is None
    if in_own_name and (message.chat.type == ChatType.PRIVATE or said_to_us(message) is not None):
        return True
    command = spoken(message.text)
    if command is None or not is_to_us(command, message):
        return False
    if not in_own_name:
        return is_in_its_name(message) and command.name in _ANONYMOUSLY
    return command.to is not None or command.name in known


def _let_in(session: Session, arrival: Arrival, admins: frozenset[int]) -> Preference | None:
    # Whoever became an administrator after they were banned is not.
    if arrival.user_id not in admins and is_banned(session, arrival.user_id):
        return None
    return admit(session, arrival)


def _refusal(update: Update, user_id: int, limits: Limits) -> Refusal | None:
    """Whether a reader asks for too much. Each key they type inline is a query; a choice asks for nothing."""
    if update.chosen_inline_result is not None:
        return None
    if update.inline_query is not None:
        return limits.take_inline(user_id)
    # Anonymous administrators share an id, but each group has its own measure.
    who = update.effective_sender.id if update.effective_sender else user_id
    return limits.take(who, _group_that_hears(update), tells=update.callback_query is None)


def _group_that_hears(update: Update) -> int | None:
    """The group in which an answer would be said; most presses are answered to their reader alone."""
    query = update.callback_query
    place = query.message if query is not None and _posts(query) else update.message
    return place.chat.id if place is not None and place.chat.type != ChatType.PRIVATE else None


def _posts(query: CallbackQuery) -> bool:
    """Whether a press is answered with a message."""
    pressed, choice = poem_press(query.data), choice_pressed(query.data)
    return (pressed is not None and pressed.act in POSTING) or (choice is not None and choice.beginning is not None)


async def _ask_to_wait(update: Update, context: Context, seconds: int) -> None:
    """Answer a message; and each press, or its button would spin on: with a toast, which nobody else has to read."""
    if query := update.callback_query:
        await quietly("asking to wait", query.answer(context.say.plain("manners-wait", seconds=seconds)))
    elif message := update.message:
        await quietly("asking to wait", answer(message, context.say("manners-wait", seconds=seconds)))
