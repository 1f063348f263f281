"""One file a feature; here they are put in order."""

from telegram import Update
from telegram.ext import CallbackQueryHandler, MessageHandler, TypeHandler
from telegram.ext.filters import UpdateType

from bot.context import BotApplication
from bot.handlers.commands import Addressed, Command
from bot.handlers.compose import compose
from bot.handlers.errors import on_error
from bot.handlers.gate import gate
from bot.handlers.rate import rate
from bot.handlers.talk import hint, show_help, show_id, start

_GATE = -1


def register(application: BotApplication) -> None:
    """Give the application its handlers: of each group the first that fits an update takes it."""
    application.add_handler(TypeHandler(Update, gate), group=_GATE)
    commands = {"start": start, "help": show_help, "id": show_id, "poem": compose}
    for name, handler in commands.items():
        application.add_handler(MessageHandler(UpdateType.MESSAGE & Command(name), handler))
    application.add_handler(CallbackQueryHandler(rate))
    # Last: whatever no command above has taken.
    application.add_handler(MessageHandler(UpdateType.MESSAGE & Addressed(), hint))
    application.add_error_handler(on_error)
