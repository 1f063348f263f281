"""/start, /help, /id, and the answer to whatever else is said to the bot."""

from telegram import Update

from bot.context import Context
from bot.handlers.answering import answer
from bot.handlers.listing import list_for_administrator


async def start(update: Update, context: Context) -> None:
    """Say what the bot does, and list an administrator's commands."""
    if message := update.message:
        await answer(message, context.say("talk-start"))
        if context.reader.id in context.services.settings.admins:
            await list_for_administrator(context.bot, context.services, context.reader.id)


async def show_help(update: Update, context: Context) -> None:
    """Say how it is used."""
    if message := update.message:
        await answer(message, context.say("talk-help"))


async def show_id(update: Update, context: Context) -> None:
    """Say the ids that settings ask for, and to an administrator that they took effect."""
    message = update.message
    if message is None or message.from_user is None:
        return
    say = context.say
    lines = [say("talk-your-id", user=str(message.from_user.id), chat=str(message.chat.id))]
    if message.from_user.id in context.services.settings.admins:
        lines.append(say("talk-you-are-admin"))
    await answer(message, "\n".join(lines))


async def hint(update: Update, context: Context) -> None:
    """Say how to get a poem to someone who said something else."""
    if message := update.message:
        await answer(message, context.say("talk-hint"))
