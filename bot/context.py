"""What handlers work with: typed, and the same for every one of them."""

from dataclasses import dataclass
from typing import Any, Final, cast

from telegram.ext import Application, CallbackContext

from bot.api import TelegramBot
from bot.composing import Composer
from bot.inbox import Inbox
from bot.jobs.daily import Anthology
from bot.jobs.sending import Broadcaster
from bot.manners.limits import Limits
from bot.settings import Settings
from bot.storage import Database
from bot.view.fonts import Font
from bot.view.messages import Say
from bot.view.reader import Reader
from bot.watching.health import Health
from poetcore.script import Script

_KEY: Final = "services"

BotData = dict[str, Any]


@dataclass(frozen=True)
class Services:
    """Everything outside Telegram that a handler may need."""

    settings: Settings
    database: Database
    composer: Composer
    anthology: Anthology
    broadcaster: Broadcaster
    inbox: Inbox
    health: Health
    font: Font | None
    """What cards are set in; None where nothing has Chinese characters."""
    limits: Limits


class Context(CallbackContext[TelegramBot, dict[Any, Any], dict[Any, Any], BotData]):
    """The context of one update."""

    reader: Reader
    """Who sent the update; set by the gate, so that every handler behind it knows."""

    @property
    def say(self) -> Say:
        """The bot's words in the reader's language."""
        return self.reader.say

    @property
    def script(self) -> Script:
        """The script in which the reader reads poems."""
        return self.reader.script

    @property
    def services(self) -> Services:
        """Everything outside Telegram that a handler may need."""
        return services_of(self.application)

    @property
    def words(self) -> str:
        """What stands after the command."""
        return " ".join(self.args or [])


BotApplication = Application[TelegramBot, Context, dict[Any, Any], dict[Any, Any], BotData, None]


def give_services(application: BotApplication, services: Services) -> None:
    """Let the application's handlers work with `services`."""
    application.bot_data[_KEY] = services


def services_of(application: "Application[Any, Any, Any, Any, BotData, Any]") -> Services:
    """What `give_services` gave."""
    return cast(Services, application.bot_data[_KEY])
