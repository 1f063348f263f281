"""The token, the webhook, and the clock held against the Bot API's."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

import httpx

from bot.api import trusts_proxies
from bot.doctor.finding import Finding, ill, skipped, well
from bot.settings import Settings

_PATIENCE_S: Final = 10.0
# The answer's date has whole seconds and its way takes some; by more, daily poems come visibly late.
_CLOCK_OFF_S: Final = 30.0


@dataclass(frozen=True)
class Answer:
    """What the server said to one request."""

    status: int
    result: dict[str, Any] | None
    """None if it is not the Bot API's."""
    description: str
    ahead_s: float | None
    """By how much this machine's clock is ahead of the server's; None if the server does not say."""


def look_at_telegram(settings: Settings) -> Iterator[Finding]:
    """Ask the server who the bot is and where its updates go."""
    if settings.telegram_bot_token is None:
        advice = "set TELEGRAM_BOT_TOKEN, from @BotFather, to answer on Telegram"
        yield skipped("token", "none: the bot serves the local chat", advice)
        yield from _not_asked("there is no token")
        return
    try:
        me = _ask(settings, "getMe")
    except httpx.HTTPError as error:
        # Its words may hold the address, and with it the token.
        found = f"{settings.telegram_base_url} does not answer ({type(error).__name__})"
        yield ill("token", found, "look at the network, at a proxy, and at YUEXIA_TELEGRAM_BASE_URL")
        yield from _not_asked("Telegram does not answer")
        return
    yield _token(settings, me)
    yield _webhook(settings, _info(settings)) if me.result else skipped("webhook", "not asked: the token is not known")
    yield _clock(me.ahead_s)


def _token(settings: Settings, me: Answer) -> Finding:
    if me.result is not None:
        return well("token", f"@{me.result.get('username')}")
    if me.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND):
        advice = "copy it again from @BotFather into TELEGRAM_BOT_TOKEN (and look at YUEXIA_TELEGRAM_BASE_URL)"
        return ill("token", f"{settings.telegram_base_url} does not know it", advice)
    found = f"{settings.telegram_base_url} answers {me.status} {me.description}".rstrip()
    return ill("token", found, "is that a Bot API server? Look at YUEXIA_TELEGRAM_BASE_URL, and try again later")


def _info(settings: Settings) -> Answer | None:
    try:
        return _ask(settings, "getWebhookInfo")
    except httpx.HTTPError:
        return None


def _webhook(settings: Settings, info: Answer | None) -> Finding:
    if info is None or info.result is None:
        return skipped("webhook", "the server does not say where updates go")
    url, wanted = info.result.get("url") or None, settings.webhook_url
    if url != wanted and url is not None:
        advice = (
            "start poetbot run --webhook, which puts it right"
            if wanted
            else "another bot uses this token: stop it; or set YUEXIA_WEBHOOK_URL; poetbot run takes the webhook away"
        )
        return ill("webhook", f"Telegram brings updates to {url}", advice)
    if wanted is None:
        return well("webhook", "none: the bot fetches updates")
    if url is None:
        return ill("webhook", f"Telegram was not told of {wanted}", "start poetbot run --webhook, which tells it")
    trouble, waiting = info.result.get("last_error_message"), info.result.get("pending_update_count", 0)
    if trouble and waiting:
        advice = "look at the proxy, its certificate, YUEXIA_WEBHOOK_HOST and YUEXIA_WEBHOOK_PORT"
        return ill("webhook", f"{waiting} updates wait; Telegram cannot bring them to {url}: {trouble}", advice)
    return well("webhook", f"{url}, {waiting} updates wait")


def _clock(ahead_s: float | None) -> Finding:
    if ahead_s is None:
        return skipped("clock", "the server does not say what time it is")
    if abs(ahead_s) > _CLOCK_OFF_S:
        found = f"{abs(ahead_s):.0f} s {'ahead of' if ahead_s > 0 else 'behind'} the Bot API's"
        return ill("clock", found, "let the machine set its clock by the network: timedatectl set-ntp true")
    return well("clock", "as the Bot API's, within some seconds")


def _not_asked(why: str) -> Iterator[Finding]:
    yield skipped("webhook", f"not asked: {why}")
    yield skipped("clock", f"not compared: {why}")


def _ask(settings: Settings, method: str) -> Answer:
    """Raises `httpx.HTTPError` when no answer comes."""
    token = settings.telegram_bot_token.get_secret_value() if settings.telegram_bot_token else ""
    base = settings.telegram_base_url
    url = f"{base.replace('{token}', token) if '{token}' in base else base + token}/{method}"
    response = httpx.post(url, timeout=_PATIENCE_S, trust_env=trusts_proxies(url))
    try:
        body = response.json()
    except ValueError:
        body = None
    known = body if isinstance(body, dict) else {}
    result = known.get("result") if known.get("ok") is True else None
    return Answer(
        response.status_code,
        result if isinstance(result, dict) else None,
        str(known.get("description", "")),
        _ahead(response.headers.get("date")),
    )


def _ahead(date: str | None) -> float | None:
    try:
        return time.time() - parsedate_to_datetime(date or "").timestamp()
    except ValueError:
        return None
