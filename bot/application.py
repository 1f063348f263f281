"""Builds the bot out of its parts and wires them, nothing else."""

import asyncio
from functools import cache

from telegram.ext import Application, ContextTypes

from bot.api import make_bot, make_broadcast_bot
from bot.composing import Composer, Composes
from bot.context import BotApplication, Context, Services, give_services
from bot.errors import TokenError
from bot.handlers import register
from bot.inbox import Inbox
from bot.jobs.daily import Anthology
from bot.jobs.delivering import BotDeliveries
from bot.jobs.sending import Broadcaster
from bot.manners.limits import Limits
from bot.pacing import Pacer
from bot.settings import Settings
from bot.storage import Database
from bot.view.fonts import find_font
from bot.watching.health import Health
from bot.watching.updates import WatchedInTurn, watch_handlers

# 0.7 s a search, and in one process it finds the same each time.
font_for = cache(find_font)


def build_application(settings: Settings, poet: Composes, database: Database) -> BotApplication:
    """The bot for the token and server in `settings`; `bot.service.running` brings it to life.

    Raises `TokenError` if `settings` has no token, and `FontError` for a font that is none.
    """
    if settings.telegram_bot_token is None:
        raise TokenError("a bot needs a token: set TELEGRAM_BOT_TOKEN")
    token, base_url = settings.telegram_bot_token.get_secret_value(), settings.telegram_base_url
    pacer, composer = Pacer(settings.sends_per_second), Composer(poet, most_waiting=settings.compose_queue)
    bot, queue = make_bot(token, base_url, pacer), asyncio.Queue[object]()
    inbox = Inbox(database, bot, queue.put_nowait)
    application: BotApplication = (
        Application.builder()
        .bot(bot)
        .context_types(ContextTypes(context=Context))
        .concurrent_updates(WatchedInTurn(inbox))
        # Updates come from the inbox.
        .updater(None)
        .update_queue(queue)
        .job_queue(None)
        .build()
    )
    outgoing = make_broadcast_bot(token, base_url, pacer, settings.broadcast_timeout)
    anthology = Anthology(composer)
    deliveries = BotDeliveries(outgoing, bot, database, anthology)
    broadcaster = Broadcaster(database, deliveries, pacer)
    health, font = Health(database, composer), font_for(settings.font)
    limits = Limits(settings.reader_per_minute, settings.group_per_minute)
    give_services(
        application, Services(settings, database, composer, anthology, broadcaster, inbox, health, font, limits)
    )
    register(application)
    watch_handlers(application)
    return application
