"""kill -9 costs the answer that was being given, at most: what waits is answered by the next process, in order."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, select

from bot.bench.process import BotProcess
from bot.localchat import Fault, LocalTelegram, Message
from bot.storage import Database
from bot.storage.models import InboxUpdate, Rating

Live = Callable[[], AbstractAsyncContextManager[BotProcess]]


@pytest.fixture
def live(
    telegram: LocalTelegram, database_url: URL, tmp_path: Path, poet_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Live:
    """`poetbot run` in a process of its own, which is killed when the block ends."""
    monkeypatch.setenv("YUEXIA_POET", str(poet_folder))
    environment = {
        "TELEGRAM_BOT_TOKEN": telegram.token,
        "YUEXIA_TELEGRAM_BASE_URL": telegram.base_url,
        "YUEXIA_HOME": str(tmp_path),
        "YUEXIA_DATABASE_URL": database_url.render_as_string(hide_password=False),
    }

    @asynccontextmanager
    async def run() -> AsyncIterator[BotProcess]:
        process = await BotProcess.start(environment, tmp_path)
        try:
            yield process
        finally:
            await process.kill()

    return run


def _answers(telegram: LocalTelegram, chat_id: int) -> list[Message]:
    return [message for message in telegram.messages(chat_id) if message.from_bot]


def _column(url: URL, column: Any) -> list[Any]:
    with Database(url) as database:
        return database.transact(lambda session: list(session.scalars(select(column))))


async def test_what_was_confirmed_is_answered_after_a_kill(
    telegram: LocalTelegram, live: Live, database_url: URL
) -> None:
    begun = Fault("timeout", "sendMessage", chat_id=1)
    telegram.faults.add(begun)
    async with live():
        for words in ("/help", "/id", "/poem 月"):
            telegram.user_sends(words, 1, 1)
        await telegram.wait_until(lambda: telegram.faults.struck[begun] == 1 and telegram.pending_updates == 0, 30)
    assert len(_column(database_url, InboxUpdate.update_id)) == 3
    async with live():
        await telegram.wait_until(lambda: len(_answers(telegram, 1)) == 2, 60)
        told, poem = _answers(telegram, 1)
        assert "1" in told.text
        assert poem.text.startswith("月")
        telegram.user_presses(poem.message_id, poem.keyboard[0][0].callback_data or "", 1, 1)
        await telegram.wait_until(lambda: bool(telegram.calls_of("answerCallbackQuery")), 30)
    # Acknowledged, then killed: it is in the database.
    assert _column(database_url, Rating.value) == [1]
    assert len(_answers(telegram, 1)) == 2
