"""The log of a full run, with failures and at its most talkative, holds no token and no password."""

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from sqlalchemy.exc import OperationalError
from telegram.ext import MessageHandler

from bot.composing import Composes
from bot.localchat import Fault, LocalTelegram
from bot.settings import Settings
from bot.storage.models import Base, Failure
from poetcore.generation import ComposeRequest
from poetcore.generation import Poem as Composed

if TYPE_CHECKING:
    from tests.e2e.conftest import Log, Running, Start

READER, ADMIN = 1, 7


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Settings that name one administrator."""
    return settings.model_copy(update={"admins": frozenset({ADMIN})})


async def test_the_token_is_in_no_log(
    start: "Start", plain_poet: Composes, telegram: LocalTelegram, log: "Log"
) -> None:
    telegram.faults.add(Fault("dropped", "getMe", times=1))
    telegram.faults.add(Fault("server_error", "getUpdates", times=1))
    async with start(plain_poet) as bot:
        message = await bot.answer_to("/poem 月")
        await bot.press(message, 0)
        for kind in ("server_error", "dropped", "blocked", "unknown_method", "too_many_requests"):
            telegram.faults.add(Fault(kind, "sendMessage", retry_after=0))
            telegram.user_sends("/poem 山")
        telegram.faults.add(Fault("server_error", "*", times=1))
        await bot.at_rest()
        await bot.answer_to("/help")
    secret = telegram.token.split(":")[1]
    assert log.text.count("\n") > 50
    assert telegram.token not in log.text
    assert secret not in log.text


async def test_a_readers_words_are_not_logged_at_info(
    start: "Start", plain_poet: Composes, telegram: LocalTelegram, log: "Log"
) -> None:
    async with start(plain_poet) as bot:
        telegram.faults.add(Fault("blocked", "sendMessage"))
        telegram.user_sends("/poem 月下獨酌無相親")
        await bot.at_rest()
    told = [line for line in log.text.splitlines() if " DEBUG " not in line]
    assert told
    assert not [line for line in told if "月下" in line]


class Indiscreet:
    """A poet that now and then fails with all secrets in its message."""

    version = "indiscreet"

    def __init__(self, poet: Composes, secrets: tuple[str, ...]) -> None:
        self._poet = poet
        self._secrets = secrets

    def compose(self, request: ComposeRequest) -> Composed:
        """The other poet's poem, unless it shall begin with 火."""
        if request.prefix == "火":
            raise OperationalError(f"connecting with {self._secrets}", {}, RuntimeError(*self._secrets))
        return self._poet.compose(request)


async def test_a_run_through_all_features_tells_no_secret(
    settings: Settings, start: "Start", plain_poet: Composes, log: "Log"
) -> None:
    """Every command, said by a reader and by an administrator, then a button of each kind that they were shown."""
    async with start(Indiscreet(plain_poet, settings.secrets)) as bot:
        for bot.chat_id in (READER, ADMIN):
            for command in _commands(bot):
                for words in ("", " 月", " 火"):
                    bot.telegram.user_sends(f"/{command}{words}", bot.chat_id, bot.chat_id)
            bot.telegram.user_asks_inline("月", bot.chat_id)
            await bot.at_rest()
            for message_id, data in _buttons(bot):
                bot.telegram.user_presses(message_id, data, bot.chat_id, bot.chat_id)
            await bot.at_rest()
        assert "OperationalError" in {row.kind for row in bot.rows(Failure)}
        kept = "".join(str(vars(row)) for table in Base.__subclasses__() for row in bot.rows(table))
        said = "".join(str(call.parameters) for call in bot.telegram.calls)
    assert "[secret]" in log.text
    for secret in settings.secrets:
        for spelling in (secret, quote(secret, safe=""), secret.partition(":")[2] or secret):
            assert spelling not in log.text
            assert spelling not in kept
            assert spelling not in said


def _buttons(bot: "Running") -> list[tuple[int, str]]:
    """A button of each kind in the chat: its message and its data."""
    shown = [
        (message.message_id, button.callback_data)
        for message in bot.answers
        for row in message.keyboard
        for button in row
        if button.callback_data
    ]
    return list({re.sub(r"\d+", "", data): (message_id, data) for message_id, data in shown}.values())


def _commands(bot: "Running") -> list[str]:
    """The names of all commands."""
    filters = [str(handler.filters) for handler in bot.application.handlers[0] if isinstance(handler, MessageHandler)]
    return [name.partition("/")[2].rstrip("> ") for name in filters if "/" in name]
