"""The way to the Bot API: a request that waits where waiting helps, and the loop that fetches updates."""

import json
import logging
import random
from asyncio import sleep
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

from sqlalchemy.exc import SQLAlchemyError
from telegram import Bot
from telegram.error import Conflict, InvalidToken, NetworkError, TelegramError
from telegram.ext import ExtBot

from bot.errors import TokenError
from bot.pacing import Pacer, Urgency
from bot.transport import AiohttpRequest, NotWrittenError
from bot.watching.metrics import ANSWERS

# What the bot listens to; Telegram then does not even send the rest.
ALLOWED_UPDATES: Final = ("message", "callback_query", "inline_query", "chosen_inline_result")

# What python-telegram-bot raises, after the call was made, on an answer that is not as the Bot API says.
UNREADABLE: Final = (KeyError, TypeError, ValueError, AttributeError)

_LONG_POLL_S: Final = 25
# How long an answer is waited for.
_ANSWER_S: Final = 20
_CONNECT_S: Final = 10
# After an answer with nothing new: a server that knows no long polls, or no offset, is not asked without end.
_BREATH_S: Final = 0.1
_ATTEMPTS: Final = 4
_LONGEST_WAIT_S: Final = 30.0
# The first two have loops of their own, which say in the log what they wait for; the third is not worth a wait.
_IMPATIENT: Final = frozenset({"getMe", "getUpdates", "sendChatAction"})
# What Telegram counts against its thirty messages a second.
_COUNTED: Final = ("sendMessage", "sendPhoto", "sendDocument", "editMessage", "copyMessage", "forwardMessage")
# Broadcasts have connections of their own: answers never wait for one of them.
_ANSWER_CONNECTIONS: Final = 128
_BROADCAST_CONNECTIONS: Final = 64

_log = logging.getLogger(__name__)


class UnknownMethodError(TelegramError):
    """The server does not know a method. python-telegram-bot would call the token invalid."""


class TooManyRequestsError(TelegramError):
    """The server asks for a pause (429). python-telegram-bot's RetryAfter warns of its own deprecation when made."""

    def __init__(self, wait: float) -> None:
        super().__init__(f"too many requests, the server asks to wait {wait:g} s")
        self.wait = wait


class PatientRequest(AiohttpRequest):
    """Tries again what surely was not done: 429, 5xx, no connection.

    A request whose answer was lost may have been done, so it is never repeated: a reader gets no poem twice. Messages
    wait for their turn with `pacer`.
    """

    urgency: ClassVar[Urgency] = Urgency.ANSWER
    attempts: ClassVar[int] = _ATTEMPTS

    def __init__(self, connections: int, pacer: Pacer | None = None, **options: Any) -> None:
        super().__init__(connections, **options)
        self._pacer = pacer

    async def do_request(self, url: str, method: str, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """Make one Bot API request, as python-telegram-bot asks for it."""
        name = url.rsplit("/", 1)[-1]
        attempts = 1 if name in _IMPATIENT else self.attempts
        for attempt in range(1, attempts):
            try:
                return await self._try(name, url, method, *args, **kwargs)
            except (TooManyRequestsError, ServerFaultError, NetworkError) as error:
                if not _is_worth_another_try(error):
                    raise
                wait = _wait_after(error, attempt)
                _log.warning("%s: %s; trying again in %.1f s", name, error, wait)
                await sleep(wait)
        return await self._try(name, url, method, *args, **kwargs)

    async def _try(self, name: str, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        if self._pacer is not None and name.startswith(_COUNTED):
            await self._pacer.turn(self.urgency)
        try:
            code, payload = await super().do_request(*args, **kwargs)
        except NetworkError:
            ANSWERS.labels(name, "none").inc()
            raise
        ANSWERS.labels(name, str(code)).inc()
        if code == HTTPStatus.NOT_FOUND and name != "getMe":
            raise UnknownMethodError(f"the server does not know {name}")
        if code == HTTPStatus.TOO_MANY_REQUESTS:
            raise TooManyRequestsError(_wait_asked_for(payload))
        if code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise ServerFaultError(f"the server answered {code}")
        return code, payload


class BroadcastRequest(PatientRequest):
    """Tries once: the ledger of deliveries knows when to try again. Gives way to answers."""

    urgency: ClassVar[Urgency] = Urgency.BROADCAST
    attempts: ClassVar[int] = 1


class ServerFaultError(NetworkError):
    """The server says that it did nothing because of a fault of its own (5xx)."""


class TelegramBot(ExtBot[None]):
    """The bot, and what of the Bot API it needs besides what python-telegram-bot has."""

    async def fetch_updates(self, offset: int | None) -> list[dict[str, Any]]:
        """Updates as the server sent them, after a long poll at most; `offset` confirms all before it.

        python-telegram-bot reads all updates of an answer or none: one that it cannot read would come again without
        end, and hide all behind it. Raises one of `UNREADABLE` if the answer is no list of updates.
        """
        asked = {"offset": offset, "timeout": _LONG_POLL_S, "allowed_updates": ALLOWED_UPDATES}
        updates = await self._post("getUpdates", asked, read_timeout=_LONG_POLL_S + _ANSWER_S)
        return [update | {"update_id": int(update["update_id"])} for update in updates]


def make_bot(token: str, base_url: str, pacer: Pacer | None = None) -> "TelegramBot":
    """A bot for the API at `base_url`."""
    options = _options(base_url)
    answers = PatientRequest(_ANSWER_CONNECTIONS, pacer, read_timeout=_ANSWER_S, **options)
    updates = PatientRequest(2, read_timeout=_ANSWER_S, **options)
    return TelegramBot(token, base_url=base_url, request=answers, get_updates_request=updates)


def make_broadcast_bot(token: str, base_url: str, pacer: Pacer, read_timeout: float) -> Bot:
    """The same bot for what the ledger sends: at once, once, and with the right of way for answers."""
    request = BroadcastRequest(_BROADCAST_CONNECTIONS, pacer, read_timeout=read_timeout, **_options(base_url))
    # It fetches no updates; a request of its own for that would be one more that must be closed.
    return Bot(token, base_url=base_url, request=request, get_updates_request=request)


def trusts_proxies(url: str) -> bool:
    """Whether a proxy from the environment may be used: it is no way to this very machine."""
    return urlsplit(url).hostname not in {"127.0.0.1", "localhost", "::1"}


def _options(base_url: str) -> dict[str, Any]:
    return {"connect_timeout": _CONNECT_S, "trust_env": trusts_proxies(base_url)}


async def greet(bot: Bot) -> None:
    """Ask the server who the bot is, until it answers; raises `TokenError` if it does not know the token."""
    failures = 0
    while True:
        try:
            await bot.initialize()
        except InvalidToken:
            raise TokenError(
                "Telegram does not know this token: copy it again from @BotFather into TELEGRAM_BOT_TOKEN "
                "(and look at YUEXIA_TELEGRAM_BASE_URL if that is set)"
            ) from None
        except (TelegramError, *UNREADABLE) as error:
            failures += 1
            await _pause("cannot reach the Bot API", error, failures)
        else:
            return


async def receive(bot: TelegramBot, keep: Callable[[Sequence[dict[str, Any]]], Awaitable[None]]) -> None:
    """Fetch updates for ever, confirming them once `keep` has kept them.

    Raises `TokenError` when the token is taken back. Used instead of python-telegram-bot's Updater, which ends without
    a word when a server answers 404 or 401 once, must delete a webhook before it starts, and prints a traceback for
    every cut of the network.
    """
    offset: int | None = None
    failures = 0
    while True:
        asked = offset
        try:
            updates = await bot.fetch_updates(offset)
            await keep(updates)
        except InvalidToken:
            raise TokenError("Telegram no longer knows this token: give the new one in TELEGRAM_BOT_TOKEN") from None
        except (TelegramError, SQLAlchemyError, *UNREADABLE) as error:
            failures += 1
            if isinstance(error, Conflict) and "webhook" in error.message:
                await quietly("deleteWebhook", bot.delete_webhook())
            await _pause("cannot fetch updates", error, failures)
            continue
        failures = 0
        if updates:
            offset = max(update["update_id"] for update in updates) + 1
        if offset == asked:
            await sleep(_BREATH_S)


def was_not_written(error: Exception) -> bool:
    """Whether there was no connection, so that the server surely knows nothing of the request."""
    return isinstance(error, NotWrittenError)


async def quietly(what: str, call: Awaitable[object]) -> None:
    """Make a call whose failure changes nothing for the reader: it is noted and that is all."""
    try:
        await call
    except (TelegramError, *UNREADABLE) as error:
        _log.info("%s failed: %s: %s", what, type(error).__name__, error)


async def _pause(what: str, error: Exception, failures: int) -> None:
    wait = _wait_after(error, failures)
    _log.warning("%s: %s: %s; trying again in %.1f s", what, type(error).__name__, error, wait)
    await sleep(wait)


def _is_worth_another_try(error: TelegramError) -> bool:
    if isinstance(error, TooManyRequestsError):
        return error.wait <= _LONGEST_WAIT_S
    return isinstance(error, ServerFaultError) or was_not_written(error)


def _wait_after(error: Exception, failures: int) -> float:
    """Seconds: what the server asks for, else growing, and never the same for two bots."""
    if isinstance(error, TooManyRequestsError):
        return error.wait
    return min(_LONGEST_WAIT_S, 0.5 * 2.0 ** min(failures, 10)) * random.uniform(0.5, 1.0)  # noqa: S311 no secret


def _wait_asked_for(payload: bytes) -> float:
    try:
        return max(0.0, float(json.loads(payload)["parameters"]["retry_after"]))
    except (ValueError, KeyError, TypeError):
        return 1.0
