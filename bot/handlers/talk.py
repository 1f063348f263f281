"""/start, /help, /id, and the answer to whatever else is said to the bot."""

from telegram import Message, Update

from bot.context import Context
from bot.handlers.answering import answer
from bot.view.messages import Say, say_for


async def start(update: Update, _: Context) -> None:
    """Say what the bot does."""
    if message := update.message:
        await answer(message, _say(message)("talk-start"))


async def show_help(update: Update, _: Context) -> None:
    """Say how it is used."""
    if message := update.message:
        await answer(message, _say(message)("talk-help"))


async def show_id(update: Update, context: Context) -> None:
    """Say the ids that settings ask for, and to an administrator that they took effect."""
    message = update.message
    if message is None or message.from_user is None:
        return
    say = _say(message)
    lines = [say("talk-your-id", user=str(message.from_user.id), chat=str(message.chat.id))]
    if message.from_user.id in context.services.settings.admins:
        lines.append(say("talk-you-are-admin"))
    await answer(message, "\n".join(lines))


async def hint(update: Update, _: Context) -> None:
    """Say how to get a poem to someone who said something else."""
    if message := update.message:
        await answer(message, _say(message)("talk-hint"))


def _say(message: Message) -> Say:
    return say_for(message.from_user.language_code if message.from_user else None)
