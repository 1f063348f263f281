"""One file a feature; here they are put in order."""

from collections.abc import Callable

from telegram import Update
from telegram.ext import (
    CallbackQueryHandler,
    ChosenInlineResultHandler,
    InlineQueryHandler,
    MessageHandler,
    TypeHandler,
)
from telegram.ext.filters import UpdateType

from bot.context import BotApplication
from bot.handlers.admin import ban_reader, show_audit, show_errors, show_statistics, unban_reader
from bot.handlers.administrators import Handler
from bot.handlers.broadcast import broadcast, press_broadcast
from bot.handlers.choosing import choose, press_choice
from bot.handlers.commands import Addressed, Command, Plain
from bot.handlers.compose import compose, compose_acrostic, compose_on_title, compose_plainly, go_on
from bot.handlers.daily import daily, press_daily
from bot.handlers.errors import on_error
from bot.handlers.export import export
from bot.handlers.forget import ask_to_forget, press_forget
from bot.handlers.gate import gate_for
from bot.handlers.inline import keep_choice, offer, rate_inline
from bot.handlers.learning import cancel, press_learning, retrain, roll_back, show_jobs
from bot.handlers.mine import press_shelf, show_favourites, show_mine
from bot.handlers.poem_buttons import press_poem
from bot.handlers.preferences import press_preference, show_preferences
from bot.handlers.rate import rate
from bot.handlers.sharing import start_or_open
from bot.handlers.talk import hint, show_help, show_id
from bot.view.broadcast import broadcast_press
from bot.view.choosing import choice_pressed
from bot.view.daily import daily_press
from bot.view.forgetting import forget_press
from bot.view.inline import inline_press
from bot.view.keyboards import poem_press
from bot.view.learning import learning_press
from bot.view.preferences import preference_press
from bot.view.shelves import open_press, turn_press

Presses = dict[Handler, tuple[Callable[[str | None], object | None], ...]]
"""What the data of a button must be read by, for each handler of presses."""

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
        "export": export,
        "forget": ask_to_forget,
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
    application.add_handler(InlineQueryHandler(offer))
    application.add_handler(ChosenInlineResultHandler(keep_choice))
    presses: Presses = {
        press_poem: (poem_press,),
        press_choice: (choice_pressed,),
        press_shelf: (turn_press, open_press),
        press_daily: (daily_press,),
        press_preference: (preference_press,),
        press_forget: (forget_press,),
        press_broadcast: (broadcast_press,),
        press_learning: (learning_press,),
        rate_inline: (inline_press,),
    }
    for handler, readers in presses.items():
        application.add_handler(CallbackQueryHandler(handler, pattern=_read_by(readers)))
    # Ratings, and whatever no button of ours carries: that is answered as a poem which is gone.
    application.add_handler(CallbackQueryHandler(rate))
    application.add_handler(MessageHandler(UpdateType.MESSAGE & Plain(), compose_plainly))
    # Last: whatever no command above has taken.
    application.add_handler(MessageHandler(UpdateType.MESSAGE & Addressed(), hint))
    application.add_error_handler(on_error)


def _read_by(readers: tuple[Callable[[str | None], object | None], ...]) -> Callable[[object], bool]:
    def is_read(data: object) -> bool:
        return isinstance(data, str) and any(read(data) is not None for read in readers)

    return is_read
