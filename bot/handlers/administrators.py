"""What is for administrators alone; they are known by their ids, which stand in the settings and nowhere else."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

from telegram import Update

from bot.context import Context
from bot.handlers.commands import Addressed
from bot.handlers.talk import hint

Handler = Callable[[Update, Context], Coroutine[Any, Any, None]]


def for_administrators(handler: Handler) -> Handler:
    """`handler` for administrators; to anyone else it is a command that is not known."""

    @wraps(handler)
    async def checked(update: Update, context: Context) -> None:
        sender = update.effective_user
        if sender is not None and sender.id in context.services.settings.admins:
            await handler(update, context)
        elif update.message is not None and Addressed().filter(update.message):
            await hint(update, context)

    return checked
