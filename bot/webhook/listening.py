"""Receiving by webhook, in place of fetching: the door is open before Telegram is told of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

from starlette.applications import Starlette

from bot.context import BotApplication, services_of
from bot.errors import BotError, BotSettingsError
from bot.http import serving
from bot.settings import Settings
from bot.webhook.door import Door
from bot.webhook.pointing import point, stay_pointed


def check(settings: Settings) -> tuple[str, str]:
    """The public address and the secret; raises `BotSettingsError` if a webhook cannot be with these settings."""
    if settings.telegram_bot_token is None or settings.update_secret is None:
        raise BotSettingsError("TELEGRAM_BOT_TOKEN is not set: the local chat needs no webhook; run without --webhook")
    if settings.webhook_url is None:
        raise BotSettingsError(
            "YUEXIA_WEBHOOK_URL is not set: give the https address at which Telegram reaches this bot, "
            "or run without --webhook"
        )
    return settings.webhook_url, settings.update_secret


@asynccontextmanager
async def listening(application: BotApplication) -> AsyncIterator["asyncio.Task[None]"]:
    """Take in what Telegram brings, until the block ends; yields a task that never ends well.

    The webhook stays when the bot goes: the other replicas have it too, and what comes meanwhile Telegram keeps.
    """
    services = services_of(application)
    settings, health = services.settings, services.health
    url, secret = check(settings)
    door = Door(urlsplit(url).path or "/", secret, services.inbox.put)
    app = Starlette(routes=[*door.routes(), *health.routes()])
    async with serving(app, settings.webhook_host, settings.webhook_port, "YUEXIA_WEBHOOK_PORT"):
        await point(application.bot, url, secret)
        health.receives()
        task = asyncio.create_task(stay_pointed(application.bot, url, secret))
        try:
            yield task
        finally:
            health.stops()
            task.cancel()
            with suppress(asyncio.CancelledError, BotError):
                await task
