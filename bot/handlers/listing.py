"""Tells Telegram which commands it lists: per language, in private chats, in groups, and for single readers.

A list is a courtesy: a server that takes none is none the worse.
"""

import logging
from functools import partial
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from telegram import (
    Bot,
    BotCommandScope,
    BotCommandScopeAllGroupChats,
    BotCommandScopeChat,
    BotCommandScopeDefault,
)

from bot.api import quietly
from bot.context import Services
from bot.storage.preferences import preference_of
from bot.view.language import Language, language_of
from bot.view.listing import Audience, listed
from bot.view.messages import say_in

# Telegram knows two-letter codes only; a plain zh is read as traditional, as everywhere in the bot.
_LANGUAGES: Final = {"": Language.ENGLISH, "zh": Language.HANT}

_log = logging.getLogger(__name__)


async def list_for_all(bot: Bot, services: Services) -> None:
    """Tell Telegram all lists but those of readers who chose a language, which it keeps."""
    for code, language in _LANGUAGES.items():
        await _list(bot, BotCommandScopeDefault(), Audience.READER, code, language)
        await _list(bot, BotCommandScopeAllGroupChats(), Audience.GROUP, code, language)
    for user_id in sorted(services.settings.admins):
        await list_for_administrator(bot, services, user_id)


async def list_for_administrator(bot: Bot, services: Services, user_id: int) -> None:
    """List all commands in an administrator's private chat; Telegram takes the list once they have begun that chat."""
    try:
        preference = await services.database.run(partial(preference_of, user_id=user_id))
    except SQLAlchemyError as error:
        _log.info("listing commands failed: %s", type(error).__name__)
        return
    chosen = language_of(preference.language) if preference.language else None
    await list_for_one(bot, user_id, chosen, is_administrator=True)


async def list_for_one(bot: Bot, user_id: int, chosen: Language | None, *, is_administrator: bool) -> None:
    """List commands in a reader's private chat in the language they chose; None: in that of their Telegram."""
    scope = BotCommandScopeChat(user_id)
    audience = Audience.ADMINISTRATOR if is_administrator else Audience.READER
    for code, language in _LANGUAGES.items():
        if chosen is None and not is_administrator:
            await quietly("unlisting commands", bot.delete_my_commands(scope, language_code=code))
        else:
            await _list(bot, scope, audience, code, chosen or language)


async def _list(bot: Bot, scope: BotCommandScope, audience: Audience, code: str, language: Language) -> None:
    commands = listed(audience, say_in(language))
    await quietly("listing commands", bot.set_my_commands(commands, scope, language_code=code))
