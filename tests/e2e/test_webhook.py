"""`poetbot run --webhook`: Telegram brings the updates, and nobody else does."""

import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy.exc import OperationalError

from bot.api import ALLOWED_UPDATES
from bot.application import build_application
from bot.cli import app
from bot.composing import Composes
from bot.context import services_of
from bot.errors import BotError
from bot.localchat import LocalTelegram
from bot.service import running
from bot.settings import Settings
from bot.storage import Database
from bot.storage.models import HandledUpdate
from bot.webhook.door import BODY_LIMIT
from bot.webhook.listening import listening
from bot.webhook.pointing import look
from tests.e2e.conftest import Running


@pytest.fixture
def webhook(settings: Settings) -> Settings:
    """Settings of a bot that Telegram reaches directly."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return settings.model_copy(update={"webhook_url": f"http://127.0.0.1:{port}/updates", "webhook_port": port})


@asynccontextmanager
async def _started(
    settings: Settings, poet: Composes, database: Database, telegram: LocalTelegram
) -> AsyncIterator[Running]:
    application = build_application(settings, poet, database)
    async with running(application, listening):
        yield Running(application, telegram, database)


async def test_updates_are_brought_and_answered_once(
    webhook: Settings, plain_poet: Composes, database: Database, telegram: LocalTelegram
) -> None:
    async with _started(webhook, plain_poet, database, telegram) as bot:
        (told,) = telegram.calls_of("setWebhook")
        assert told.parameters["url"] == webhook.webhook_url
        assert told.parameters["secret_token"] == webhook.update_secret
        assert set(json.loads(told.parameters["allowed_updates"])) == set(ALLOWED_UPDATES)
        update_id = telegram.user_sends("/poem 月")
        await telegram.wait_until(lambda: len(bot.answers) == 1)
        telegram.redeliver(update_id)
        await bot.answer_to("/help")
        assert len(bot.answers) == 2
        # Another bot with this token, which polls, has taken the webhook away.
        await bot.application.bot.delete_webhook()
        await look(bot.application.bot, webhook.webhook_url or "", webhook.update_secret or "")
        await bot.answer_to("/help")
    # It stays for the other replicas, and for what comes until the next start.
    assert telegram.calls_of("deleteWebhook")[1:] == []
    telegram.user_sends("/poem 山")
    async with _started(webhook, plain_poet, database, telegram) as bot:
        await telegram.wait_until(lambda: len(bot.answers) == 4)


async def test_a_stranger_is_sent_away(
    webhook: Settings,
    plain_poet: Composes,
    database: Database,
    telegram: LocalTelegram,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret = {"X-Telegram-Bot-Api-Secret-Token": webhook.update_secret or ""}
    async with _started(webhook, plain_poet, database, telegram) as bot, httpx.AsyncClient() as client:

        async def post(content: bytes, headers: dict[str, str]) -> int:
            return (await client.post(webhook.webhook_url or "", content=content, headers=headers)).status_code

        update = json.dumps({"update_id": 5, "unheard_of": {}}).encode()
        assert await post(update, {}) == 401
        assert await post(update, {name: value[:-1] for name, value in secret.items()}) == 401
        assert await post(update, dict.fromkeys(secret, "x" * 64)) == 401
        assert await post(b"{", secret) == 400
        assert await post(b"[" * 100_000, secret) == 400
        assert await post(b'{"message": {}}', secret) == 400
        assert await post(b" " * (BODY_LIMIT + 1), secret) == 413
        assert (await client.get(webhook.webhook_url or "")).status_code == 405
        assert (await client.post(f"http://127.0.0.1:{webhook.webhook_port}/", content=update)).status_code == 404
        assert await post(update, secret) == 200
        await bot.answer_to("/help")
        assert len(bot.rows(HandledUpdate)) == 1
        monkeypatch.setattr(services_of(bot.application).inbox, "_database", _Away())
        assert await post(update, secret) == 503
        monkeypatch.undo()


class _Away:
    async def run(self, work: Any) -> None:
        raise OperationalError("INSERT", {}, Exception("gone"))


async def test_an_address_that_telegram_refuses_ends_the_start(
    webhook: Settings, plain_poet: Composes, database: Database, telegram: LocalTelegram
) -> None:
    elsewhere = webhook.model_copy(update={"webhook_url": "https://bot.example.org/updates"})
    with pytest.raises(BotError, match=r"Telegram refuses YUEXIA_WEBHOOK_URL: Bad webhook"):
        async with _started(elsewhere, plain_poet, database, telegram):
            pass


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"TELEGRAM_BOT_TOKEN": "123:abc"}, "YUEXIA_WEBHOOK_URL is not set"),
        ({"YUEXIA_WEBHOOK_URL": "https://bot.example.org/updates"}, "TELEGRAM_BOT_TOKEN is not set"),
    ],
)
def test_what_a_webhook_needs_is_said_before_anything_starts(
    environment: dict[str, str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("YUEXIA_HOME", str(tmp_path / "home"))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        app(["run", "--webhook"])
    assert ended.value.code == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "home").exists()
