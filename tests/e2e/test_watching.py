"""What an operator sees of a bot at work: metrics, health, and a log of objects."""

import io
import json
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sqlalchemy.exc import OperationalError

from bot.composing import Composes
from bot.context import services_of
from bot.errors import BotError
from bot.handlers.compose import compose
from bot.localchat import Fault
from bot.logs import configure_logging
from bot.storage.models import HandledUpdate, Poem
from bot.watching.exposition import exposed

if TYPE_CHECKING:
    from tests.e2e.conftest import Log, Running, Start


@pytest.fixture
def port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def _watched(bot: "Running", port: int) -> AsyncIterator[httpx.AsyncClient]:
    services = services_of(bot.application)
    settings = services.settings.model_copy(update={"metrics_port": port})
    async with exposed(settings, services), httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        yield client


def _value(text: str, name: str, **labels: str) -> float:
    """A metric's value; 0 where it was not counted yet."""
    wanted = [f'{label}="{value}"' for label, value in labels.items()]
    for line in text.splitlines():
        if re.match(rf"{name}(\{{| )", line) and all(want in line for want in wanted):
            return float(line.rsplit(" ", 1)[1])
    return 0.0


async def test_metrics_follow_what_the_bot_does(bot: "Running", port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    async with _watched(bot, port) as client:
        before = (await client.get("/metrics")).text
        poem = await bot.answer_to("/poem 月")
        await bot.press(poem, 0)
        bot.telegram.faults.add(Fault("too_many_requests", "sendMessage", retry_after=0, times=1))
        await bot.answer_to("/poem 山")
        monkeypatch.setattr(services_of(bot.application).composer, "compose", None)
        await bot.answer_to("/poem 水")
        await bot.at_rest()
        answer = await client.get("/metrics")
    after = answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=")

    def grown(name: str, **labels: str) -> float:
        return _value(after, name, **labels) - _value(before, name, **labels)

    assert grown("yuexia_updates_total", kind="message") == 3
    assert grown("yuexia_updates_total", kind="callback_query") == 1
    assert grown("yuexia_compose_seconds_count") == 2
    assert grown("yuexia_ratings_total", value="1") == 1
    assert grown("yuexia_telegram_answers_total", method="sendMessage", code="429") == 1
    assert grown("yuexia_handler_seconds_count", handler="gate") == 4
    assert grown("yuexia_handler_failures_total", handler=compose.__name__, error="TypeError") == 1
    assert grown("yuexia_log_records_total", level="error", logger="bot.handlers.errors") == 1
    assert _value(after, "yuexia_poet_info", version="plain") == 1
    assert _value(after, "yuexia_database_up") == _value(after, "yuexia_receiving") == 1
    assert _value(after, "yuexia_inbox_updates") == 0


async def test_without_its_database_a_bot_is_alive_and_not_ready(
    bot: "Running", port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bot.answer_to("/help")
    async with _watched(bot, port) as client:
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()["poet"]) == (200, "plain")
        services_of(bot.application).health.stops()
        leaving = await client.get("/readyz")
        assert (leaving.status_code, leaving.json()["receiving"]) == (503, False)
        monkeypatch.setattr(bot.database, "run", _away)
        away = await client.get("/readyz")
        assert (away.status_code, away.json()["database"]) == (503, False)
        assert (await client.get("/healthz")).text == "alive\n"
        assert _value((await client.get("/metrics")).text, "yuexia_database_up") == 0
        monkeypatch.undo()


async def _away(_: object) -> None:
    raise OperationalError("SELECT 1", {}, Exception("gone"))


async def test_a_port_that_is_taken_is_named(bot: "Running", port: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        with pytest.raises(BotError, match=rf"127\.0\.0\.1:{port}.*YUEXIA_METRICS_PORT"):
            async with _watched(bot, port):
                pass


async def test_the_log_of_a_service_names_updates_and_poems_and_no_words(
    start: "Start", plain_poet: Composes, log: "Log"
) -> None:
    stream = io.StringIO()
    configure_logging(["a secret"], style="json", stream=stream)
    async with start(plain_poet) as bot:
        poem = await bot.answer_to("/poem 月下獨酌無相親")
        await bot.press(poem, 0)
        handled = {row.update_id for row in bot.rows(HandledUpdate)}
        (kept,) = bot.rows(Poem)
    lines: list[dict[str, Any]] = [json.loads(line) for line in stream.getvalue().splitlines()]
    told = [line for line in lines if "handled in" in line["message"]]
    assert {line["update"] for line in told} == handled
    assert [line["poem"] for line in told] == [kept.id, kept.id]
    assert not [line for line in lines if "月下" in json.dumps(line, ensure_ascii=False)]
