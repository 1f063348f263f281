"""Whatever comes, the bot neither fails nor meddles, and everything that it wrote down can be read."""

import asyncio
import logging
import os
from collections.abc import Iterator
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from sqlalchemy import func, select
from telegram.ext import MessageHandler

from bot.application import build_application
from bot.context import services_of
from bot.localchat import LocalTelegram
from bot.service import running
from bot.settings import read_settings
from bot.storage import Database
from bot.storage.models import Base, Failure, InboxUpdate
from bot.storage.schema import upgrade
from tests.e2e.conftest import PlainPoet
from tests.fuzz import updates

Json = dict[str, Any]

AT_ONCE: Final = 20
UPDATES: Final = int(os.environ.get("YUEXIA_FUZZ_UPDATES", "2000"))
SOAK_UPDATES: Final = 20_000
QUIET: Final = {*updates.QUIET_GROUPS, *updates.QUIET_READERS, updates.CHANNEL}


class Fuzzed:
    """A bot at work, fed with updates that nobody sent."""

    def __init__(self, folder: Path) -> None:
        self.errors: list[str] = []
        self.fed = 0
        self._ids = count(1)
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._runner.run(self._begin(folder))

    def close(self) -> None:
        """Stop the bot."""
        self._runner.run(self._stack.aclose())
        self._runner.close()

    def feed(self, drawn: list[Json]) -> None:
        """Let the bot handle updates, and wait until it is done."""
        self._runner.run(self._feed(drawn))
        self.fed += len(drawn)

    def rows(self, table: type[Base]) -> list[Base]:
        """All rows of a table, with the value of every column."""
        return self.database.transact(lambda session: list(session.scalars(select(table))))

    @property
    def commands(self) -> list[str]:
        """The names of the bot's commands."""
        filters = [
            str(handler.filters) for handler in self._application.handlers[0] if isinstance(handler, MessageHandler)
        ]
        return [name.partition("/")[2].rstrip("> ") for name in filters if "/" in name]

    async def _begin(self, folder: Path) -> None:
        self.telegram = await self._stack.enter_async_context(LocalTelegram().running())
        known = read_settings(
            telegram_bot_token=self.telegram.token,
            telegram_base_url=self.telegram.base_url,
            home=folder,
            admins=str(updates.ADMIN),
            reader_per_minute=0,
            group_per_minute=0,
            sends_per_second=0,
        )
        self.database = self._stack.enter_context(Database(known.database))
        upgrade(self.database)
        self._application = build_application(known, PlainPoet(), self.database)
        await self._stack.enter_async_context(running(self._application))
        for reader in updates.READERS:
            self.telegram.user_sends("/start", reader)
        for group in (*updates.GROUPS, *updates.QUIET_GROUPS):
            kind = "group" if group > -1000 else "supergroup"
            self.telegram.make_group(group, kind=kind, administrators=(1,), members=updates.READERS)
        await self._at_rest()
        self.telegram.calls.clear()

    async def _feed(self, drawn: list[Json]) -> None:
        for press in [press for press in drawn if "shown" in press]:
            self._press(**press)
        made_up = [self._finished(update) for update in drawn if "shown" not in update]
        await services_of(self._application).inbox.put(made_up)
        await self._at_rest()

    async def _at_rest(self) -> None:
        await self.telegram.wait_until(lambda: self.telegram.pending_updates == 0)
        while self.database.transact(lambda session: session.scalar(select(func.count()).select_from(InboxUpdate))):
            await asyncio.sleep(0.005)

    def _finished(self, drawn: Json) -> Json:
        """An update with its id, and ours where the bot's is meant."""
        update = {**drawn, "update_id": next(self._ids)}
        message = update.get("message")
        if message and message.get("via_bot"):
            update["message"] = {**message, "via_bot": {**message["via_bot"], "id": self.telegram.bot_id}}
        return update

    def _press(self, shown: int, by: int, bent: str) -> None:
        """Press one of the buttons that the bot has shown last."""
        buttons = [
            (message, button.callback_data)
            for chat in (*updates.READERS, *updates.GROUPS)
            for message in self.telegram.messages(chat)[-20:]
            for row in message.keyboard
            for button in row
            if button.callback_data
        ]
        if buttons:
            message, data = buttons[shown % len(buttons)]
            data = {"cut": data[:-1], "more": f"{data}1", "turn": data[::-1]}.get(bent, data)
            chat_id = message.chat.id
            self.telegram.user_presses(message.message_id, data, chat_id if chat_id > 0 else by, chat_id)


@pytest.fixture
def fuzzed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fuzzed]:
    """A bot that nothing has happened to."""
    monkeypatch.chdir(tmp_path)
    for name in [known for known in os.environ if known.startswith(("YUEXIA_", "TELEGRAM_"))]:
        monkeypatch.delenv(name)
    bot = Fuzzed(tmp_path)
    yield bot
    bot.close()


def _run(fuzzed: Fuzzed, caplog: pytest.LogCaptureFixture, number: int, *, anew: bool) -> None:
    names = fuzzed.commands
    assert "poem" in names
    kinds = updates.weighted((3, updates.our_business(names)), (1, updates.none_of_our_business(names)))
    waiting: list[Json] = []

    def let_them_in() -> None:
        fuzzed.feed(waiting)
        waiting.clear()
        assert [vars(row) for row in fuzzed.rows(Failure)] == []
        assert [call for call in fuzzed.telegram.calls if call.chat_id in QUIET] == []

    @settings(
        max_examples=number,
        phases=[Phase.generate],
        derandomize=not anew,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(kinds)
    def comes(update: Json) -> None:
        waiting.append(update)
        if len(waiting) == AT_ONCE:
            let_them_in()

    with caplog.at_level(logging.ERROR):
        comes()
        let_them_in()
    assert fuzzed.fed >= number
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
    for table in Base.__subclasses__():
        for row in fuzzed.rows(table):
            assert vars(row)


def test_updates_of_any_kind(fuzzed: Fuzzed, caplog: pytest.LogCaptureFixture) -> None:
    _run(fuzzed, caplog, UPDATES, anew=False)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_many_updates_of_any_kind(fuzzed: Fuzzed, caplog: pytest.LogCaptureFixture) -> None:
    _run(fuzzed, caplog, SOAK_UPDATES, anew=True)
