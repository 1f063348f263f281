"""Builds the bot out of its parts and wires them, nothing else."""

from telegram.ext import Application, ContextTypes

from bot.api import make_bot
from bot.composing import Composer, Composes
from bot.context import BotApplication, Context, Services, give_services
from bot.errors import TokenError
from bot.handlers import register
from bot.ordering import OrderedByChat
from bot.settings import Settings
from bot.storage import Database


def build_application(settings: Settings, poet: Composes, database: Database) -> BotApplication:
    """The bot for the token and server in `settings`; `bot.service.running` brings it to life.

    Raises `TokenError` if `settings` has no token.
    """
    if settings.telegram_bot_token is None:
        raise TokenError("a bot needs a token: set TELEGRAM_BOT_TOKEN")
    application: BotApplication = (
        Application.builder()
        .bot(make_bot(settings.telegram_bot_token.get_secret_value(), settings.telegram_base_url))
        .context_types(ContextTypes(context=Context))
        .concurrent_updates(OrderedByChat())
        # Updates come from `bot.api.receive`.
        .updater(None)
        .job_queue(None)
        .build()
    )
    give_services(application, Services(settings, database, Composer(poet)))
    register(application)
    return application
