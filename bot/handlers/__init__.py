"""One file a feature; here they are put in order."""

from telegram import Update
from telegram.ext import CallbackQueryHandler, MessageHandler, TypeHandler
from telegram.ext.filters import UpdateType

from bot.context import BotApplication
from bot.handlers.admin import ban_reader, show_audit, show_errors, show_statistics, unban_reader
from bot.handlers.broadcast import broadcast, press_broadcast
from bot.handlers.choosing import choose, press_choice
from bot.handlers.commands import Addressed, Command, Plain
from bot.handlers.compose import compose, compose_acrostic, compose_on_title, compose_plainly, go_on
from bot.handlers.daily import daily, press_daily
from bot.handlers.errors import on_error
from bot.handlers.gate import gate_for
from bot.handlers.learning import cancel, press_learning, retrain, roll_back, show_jobs
from bot.handlers.mine import press_shelf, show_favourites, show_mine
from bot.handlers.poem_buttons import press_poem
from bot.handlers.preferences import press_preference, show_preferences
from bot.handlers.rate import rate
from bot.handlers.sharing import start_or_open
from bot.handlers.talk import hint, show_help, show_id

_GATE = -1


def register(application: BotApplication) -> None:
    """Give the application its handlers: of each group the first that fits an update takes it."""
    commands = {
        "start": start_or_open,
        "help": show_help,
        "id": show_id,
        "poem": compose,
        "title": compose_on_title,
        "acrostic": compose_acrostic,
        "continue": go_on,
        "compose": choose,
        "daily": daily,
        "mine": show_mine,
        "favourites": show_favourites,
        "settings": show_preferences,
        "broadcast": broadcast,
        "retrain": retrain,
        "jobs": show_jobs,
        "cancel": cancel,
        "rollback": roll_back,
        "stats": show_statistics,
        "ban": ban_reader,
        "unban": unban_reader,
        "errors": show_errors,
        "audit": show_audit,
    }
    application.add_handler(TypeHandler(Update, gate_for(commands.keys())), group=_GATE)
    for name, handler in commands.items():
        application.add_handler(MessageHandler(UpdateType.MESSAGE & Command(name), handler))
    application.add_handler(CallbackQueryHandler(press_daily, pattern="^d:"))
    application.add_handler(CallbackQueryHandler(press_broadcast, pattern="^b:"))
    application.add_handler(CallbackQueryHandler(press_learning, pattern="^learn:"))
    application.add_handler(CallbackQueryHandler(press_preference, pattern="^s:"))
    application.add_handler(CallbackQueryHandler(press_shelf, pattern="^k:"))
    application.add_handler(CallbackQueryHandler(press_choice, pattern="^c:"))
    application.add_handler(CallbackQueryHandler(press_poem, pattern="^p:"))
    application.add_handler(CallbackQueryHandler(rate))
    application.add_handler(MessageHandler(UpdateType.MESSAGE & Plain(), compose_plainly))
    # Last: whatever no command above has taken.
    application.add_handler(MessageHandler(UpdateType.MESSAGE & Addressed(), hint))
    application.add_error_handler(on_error)
