"""/stats, /ban, /unban, /errors, /audit: for administrators alone."""

import asyncio
import re
from functools import partial
from typing import Final

from telegram import Update

from bot.api import quietly
from bot.context import Context
from bot.handlers.administrators import for_administrators
from bot.handlers.answering import answer
from bot.storage.audit import Action, audited, last_entries
from bot.storage.bans import ban, unban
from bot.storage.failures import last_failures
from bot.storage.models import now
from bot.storage.statistics import statistics
from bot.view.administration import audit_message, failures_message, statistics_message
from bot.view.chart import chart_png

_READER: Final = re.compile(r"([1-9][0-9]{0,15})(?:\s+(.*))?", re.ASCII | re.DOTALL)


@for_administrators
async def show_statistics(update: Update, context: Context) -> None:
    """Answer `/stats` with figures, and with a picture where the server takes one."""
    message = update.message
    if message is None:
        return
    composer = context.services.composer
    counted = await context.services.database.run(partial(statistics, at=now()))
    await answer(message, statistics_message(counted, composer.durations, composer.waiting, context.say))
    versions = [(poet.name, poet.share, poet.ratings) for poet in counted.by_poet]
    picture = await asyncio.to_thread(chart_png, counted.days, versions)
    await quietly("chart", message.reply_photo(picture, filename="stats.png", allow_sending_without_reply=True))


@for_administrators
async def ban_reader(update: Update, context: Context) -> None:
    """Answer `/ban ID [reason]`: the reader is answered no more."""
    message, admin = update.message, context.reader.id
    if message is None:
        return
    match = _READER.fullmatch(context.words)
    if match is None:
        await answer(message, context.say("admin-ban-help"))
        return
    user_id = int(match[1])
    if user_id in context.services.settings.admins:
        await answer(message, context.say("admin-ban-admin"))
        return
    work = partial(ban, user_id=user_id, reason=match[2], by=admin)
    did = await context.services.database.run(audited(work, str(admin), Action.BAN, str(user_id)))
    await answer(message, context.say("admin-banned" if did else "admin-banned-already", user=str(user_id)))


@for_administrators
async def unban_reader(update: Update, context: Context) -> None:
    """Answer `/unban ID`: the reader is answered again."""
    message = update.message
    if message is None:
        return
    match = _READER.fullmatch(context.words)
    if match is None:
        await answer(message, context.say("admin-ban-help"))
        return
    work = audited(partial(unban, user_id=int(match[1])), str(context.reader.id), Action.UNBAN, match[1])
    did = await context.services.database.run(work)
    await answer(message, context.say("admin-unbanned" if did else "admin-not-banned", user=match[1]))


@for_administrators
async def show_errors(update: Update, context: Context) -> None:
    """Answer `/errors` with the last unhandled ones."""
    if message := update.message:
        failures = await context.services.database.run(last_failures)
        await answer(message, failures_message(failures, context.say))


@for_administrators
async def show_audit(update: Update, context: Context) -> None:
    """Answer `/audit` with what administrators did last."""
    if message := update.message:
        entries = await context.services.database.run(last_entries)
        await answer(message, audit_message(entries, context.say))
