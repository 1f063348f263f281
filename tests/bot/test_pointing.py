"""What Telegram says of a webhook that it cannot reach: kept for the metrics, and told once in the log."""

import logging
from datetime import UTC, datetime
from typing import cast

import pytest
from telegram import Bot, WebhookInfo

from bot.watching.metrics import REGISTRY
from bot.webhook.pointing import look, stay_pointed

URL = "https://bot.example.org/yuexia"
FAILED = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
EXPIRED = "SSL error {certificate verify failed}"


class _Told:
    """A Telegram that says this of the webhook, minute by minute."""

    def __init__(self, *infos: WebhookInfo) -> None:
        self._infos = iter(infos)

    async def get_webhook_info(self) -> WebhookInfo:
        return next(self._infos)


def _info(waiting: int, failed: datetime | None = None) -> WebhookInfo:
    trouble = None if failed is None else EXPIRED
    return WebhookInfo(URL, False, waiting, last_error_date=failed, last_error_message=trouble)


def _told(*infos: WebhookInfo) -> Bot:
    return cast(Bot, _Told(*infos))


def _metrics() -> tuple[float | None, float | None]:
    names = ("yuexia_webhook_pending_updates", "yuexia_webhook_last_error_timestamp_seconds")
    return REGISTRY.get_sample_value(names[0]), REGISTRY.get_sample_value(names[1])


async def test_the_metrics_follow_what_telegram_says() -> None:
    await look(_told(_info(3, FAILED)), URL, "secret")
    assert _metrics() == (3, FAILED.timestamp())
    await look(_told(_info(0)), URL, "secret")
    assert _metrics() == (0, 0)


async def test_each_failure_is_a_line_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    again = FAILED.replace(minute=5)
    # One of long ago, the first of now, no other, another, and the way is free again.
    infos = [_info(0, FAILED.replace(year=2025)), _info(1, FAILED), _info(2, FAILED), _info(5, again), _info(0, again)]
    minutes = iter(infos)

    async def sleep(_: float) -> None:
        if next(minutes, None) is None:
            raise _OverError

    monkeypatch.setattr("bot.webhook.pointing.sleep", sleep)
    with caplog.at_level(logging.WARNING), pytest.raises(_OverError):
        await stay_pointed(_told(*infos), URL, "secret")
    cannot = f"updates wait; Telegram cannot bring them to the webhook: {EXPIRED}"
    assert caplog.messages == [f"1 {cannot}", f"5 {cannot}"]


class _OverError(Exception):
    pass
