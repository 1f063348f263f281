"""The whole bot, over HTTP, against the local Telegram."""

import asyncio
import io
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, select
from sqlalchemy.orm import Session

from bot.application import build_application
from bot.composing import Composes
from bot.context import BotApplication
from bot.localchat import LocalTelegram, Message
from bot.logs import configure_logging
from bot.manners.limits import Limits
from bot.service import running
from bot.settings import Settings, read_settings
from bot.storage import Database
from bot.storage.models import Base, InboxUpdate
from poetcore.errors import RequestError
from poetcore.generation import ComposeRequest, Poem, Poet
from poetcore.generation.poet import PRETRAINED
from poetcore.prosody import FORMS
from poetcore.prosody.text import is_hanzi


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What a developer has set is not what is tested."""
    monkeypatch.chdir(tmp_path)
    for name in [known for known in os.environ if known.startswith(("YUEXIA_", "TELEGRAM_"))]:
        monkeypatch.delenv(name)


class PlainPoet:
    """Writes at once, and always the same: for tests that are not about poems."""

    version = "plain"

    def compose(self, request: ComposeRequest) -> Poem:
        """A poem of the form asked for, the beginning filled up with one character."""
        if request.prefix is not None and not any(map(is_hanzi, request.prefix)):
            raise RequestError("no hanzi")
        form = request.form or FORMS["五絕"]
        hanzi = ((request.prefix or "") + "山" * form.hanzi)[: form.hanzi]
        lines = tuple(hanzi[start : start + form.line_length] for start in range(0, form.hanzi, form.line_length))
        return Poem(
            text=form.punctuate(lines),
            traditional=form.punctuate(lines),
            lines=lines,
            form=form.name,
            rhyme_group=None,
            title=None,
            prefix=request.prefix or "",
            seed=request.seed,
            poet=self.version,
            score=-1.0,
            candidates=1,
            relaxed=(),
        )


@pytest.fixture(scope="session")
def poet_folder() -> Path:
    """The package of the poet that ships, or of another one to test with."""
    folder = Path(os.environ.get("YUEXIA_POET") or PRETRAINED)
    if not (folder / "poet.json").exists():
        pytest.skip(f"no poet in {folder}")
    return folder


@pytest.fixture
def plain_poet() -> Composes:
    """A poet for tests that are not about poems."""
    return PlainPoet()


@pytest.fixture(scope="session")
def real_poet(poet_folder: Path) -> Poet:
    """The poet that ships."""
    return Poet.load(poet_folder)


@pytest.fixture
async def telegram() -> AsyncIterator[LocalTelegram]:
    """A Telegram of our own."""
    server = LocalTelegram()
    async with server.running():
        yield server


@pytest.fixture
def settings(telegram: LocalTelegram, database_url: URL, tmp_path: Path) -> Settings:
    """Settings that lead to that Telegram, and to a fresh database: each test runs on SQLite and on PostgreSQL."""
    return read_settings(
        telegram_bot_token=telegram.token,
        telegram_base_url=telegram.base_url,
        home=tmp_path,
        database_url=database_url.render_as_string(hide_password=False),
        # Tests talk faster than readers; those of manners set limits of their own.
        reader_per_minute=0,
        group_per_minute=0,
    )


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """The bot's database."""
    with Database(settings.database) as opened:
        yield opened


@dataclass
class Running:
    """A bot at work and ways to look at it."""

    application: BotApplication
    telegram: LocalTelegram
    database: Database
    chat_id: int = 1

    @property
    def answers(self) -> list[Message]:
        """What the bot said, oldest first."""
        return [message for message in self.telegram.messages(self.chat_id) if message.from_bot]

    async def answers_to(self, text: str, user_id: int = 1) -> list[Message]:
        """Say something and wait until the bot has answered once more than before."""
        before = len(self.answers)
        self.telegram.user_sends(text, user_id, self.chat_id)
        await self.telegram.wait_until(lambda: len(self.answers) > before)
        return self.answers[before:]

    async def answer_to(self, text: str, user_id: int = 1) -> Message:
        """Say something and wait for the first answer."""
        return (await self.answers_to(text, user_id))[0]

    async def press(self, message: Message, button: int, user_id: int = 1) -> str:
        """Press a button of a message (0: the first) and wait for the toast."""
        return await self.press_data(message, message.keyboard[0][button].callback_data or "", user_id)

    async def press_data(self, message: Message, data: str, user_id: int = 1) -> str:
        """Press a button that carries `data` and wait for the toast, and until the bot is at rest."""
        toasts = self.telegram.calls_of("answerCallbackQuery")
        self.telegram.user_presses(message.message_id, data, user_id, self.chat_id)
        await self.telegram.wait_until(lambda: len(self.telegram.calls_of("answerCallbackQuery")) > len(toasts))
        await self.at_rest()
        return str(self.telegram.calls_of("answerCallbackQuery")[-1].parameters.get("text", ""))

    def limit(self, reader: float, group: float) -> None:
        """Set limits of so much a minute, on a clock that stands still."""
        data = self.application.bot_data
        data["services"] = replace(data["services"], limits=Limits(reader, group, clock=lambda: 0.0))

    async def at_rest(self) -> None:
        """Wait until every update that was sent has been handled."""
        await self.telegram.wait_until(lambda: self.telegram.pending_updates == 0)
        while self.rows(InboxUpdate):
            await asyncio.sleep(0.01)

    def rows(self, table: type[Base]) -> list[Any]:
        """All rows of a table."""

        def work(session: Session) -> list[Any]:
            return list(session.scalars(select(table)))

        return self.database.transact(work)

    def buttons(self, message: Message) -> list[str]:
        """What the two rating buttons below a message say now."""
        return [button.text for button in message.keyboard[0][:2]]


Start = Callable[[Composes], AbstractAsyncContextManager[Running]]


@pytest.fixture
def start(settings: Settings, database: Database, telegram: LocalTelegram) -> Start:
    """Start the bot: `async with start(poet) as bot`. Again on the same database is a restart."""
    return lambda poet: _started(settings, poet, database, telegram)


@asynccontextmanager
async def _started(
    settings: Settings, poet: Composes, database: Database, telegram: LocalTelegram
) -> AsyncIterator[Running]:
    application = build_application(settings, poet, database)
    async with running(application):
        yield Running(application, telegram, database)


@pytest.fixture
async def bot(start: Start, plain_poet: Composes) -> AsyncIterator[Running]:
    """The bot at work, with a poet that is not the matter."""
    async with start(plain_poet) as started:
        yield started


@pytest.fixture
async def real_bot(start: Start, real_poet: Poet) -> AsyncIterator[Running]:
    """The bot at work, with the poet that ships."""
    async with start(real_poet) as started:
        yield started


@dataclass
class Log:
    """Everything that was logged."""

    stream: io.StringIO = field(default_factory=io.StringIO)

    @property
    def text(self) -> str:
        """All of it."""
        return self.stream.getvalue()


@pytest.fixture
def log(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    """All logs, down to DEBUG, as `poetbot run` writes them."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    caught = Log()
    configure_logging(settings.secrets, level=logging.DEBUG, stream=caught.stream)
    yield caught
    root.setLevel(level)
    root.handlers[:] = handlers
