"""Tells Telegram where to bring updates, and looks now and then whether it still does."""

import logging
import random
from asyncio import sleep
from datetime import datetime
from typing import Final

from telegram import Bot, WebhookInfo
from telegram.error import BadRequest, InvalidToken, TelegramError

from bot.api import ALLOWED_UPDATES, UNREADABLE, UnknownMethodError
from bot.errors import BotError, TokenError
from bot.jobs.outcomes import growing_wait
from bot.watching.metrics import WEBHOOK_LAST_ERROR, WEBHOOK_PENDING

_LOOK_EVERY_S: Final = 60.0
# At once, over all replicas; an update takes a few milliseconds to keep.
_CONNECTIONS: Final = 40
_TOKEN_GONE: Final = "Telegram no longer knows this token: give the new one in TELEGRAM_BOT_TOKEN"  # noqa: S105

_log = logging.getLogger(__name__)


async def point(bot: Bot, url: str, secret: str) -> None:
    """Have updates brought to `url`, trying until Telegram agrees. Every replica does so: it is the same each time.

    Raises `BotError` if Telegram refuses the address for good, `TokenError` if it does not know the token.
    """
    failures = 0
    while True:
        try:
            await _set(bot, url, secret)
        except InvalidToken:
            raise TokenError(_TOKEN_GONE) from None
        except UnknownMethodError:
            raise BotError("the server knows no webhooks: run without --webhook (YUEXIA_TELEGRAM_BASE_URL)") from None
        except BadRequest as error:
            raise BotError(f"Telegram refuses YUEXIA_WEBHOOK_URL: {error.message}") from None
        except (TelegramError, *UNREADABLE) as error:
            wait = growing_wait(failures, random.random())  # noqa: S311 no secret
            failures += 1
            _log.warning("cannot set the webhook: %s: %s; trying again in %.1f s", type(error).__name__, error, wait)
            await sleep(wait)
        else:
            return


async def stay_pointed(bot: Bot, url: str, secret: str) -> None:
    """Look every minute, for ever; raises `TokenError` when the token is taken back.

    Each new failure of Telegram to bring what waits is a line in the log.
    """
    told: datetime | None = None
    while True:
        await sleep(_LOOK_EVERY_S)
        try:
            info = await look(bot, url, secret)
        except InvalidToken:
            raise TokenError(_TOKEN_GONE) from None
        except (TelegramError, *UNREADABLE) as error:
            _log.warning("cannot look after the webhook: %s: %s", type(error).__name__, error)
        else:
            if info.pending_update_count and info.last_error_date != told:
                waiting, trouble = info.pending_update_count, info.last_error_message
                _log.warning("%d updates wait; Telegram cannot bring them to the webhook: %s", waiting, trouble)
            told = info.last_error_date


async def look(bot: Bot, url: str, secret: str) -> WebhookInfo:
    """Point Telegram to `url` again if somebody, a bot that polls with this token for one, has undone it.

    What Telegram says of its deliveries is kept for the metrics.
    """
    info = await bot.get_webhook_info()
    WEBHOOK_PENDING.set(info.pending_update_count)
    WEBHOOK_LAST_ERROR.set(info.last_error_date.timestamp() if info.last_error_date else 0)
    if info.url != url:
        _log.warning("Telegram was told to bring updates elsewhere; another bot uses this token. Telling it again")
        await _set(bot, url, secret)
    return info


async def _set(bot: Bot, url: str, secret: str) -> None:
    await bot.set_webhook(url, secret_token=secret, allowed_updates=ALLOWED_UPDATES, max_connections=_CONNECTIONS)
