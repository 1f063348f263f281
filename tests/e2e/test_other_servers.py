"""The bot with Bot API servers that know few methods, with wrong tokens, and with a webhook left behind."""

from typing import TYPE_CHECKING

import pytest

from bot.application import build_application
from bot.composing import Composes
from bot.errors import TokenError
from bot.localchat import Fault, LocalTelegram
from bot.service import running
from bot.settings import read_settings
from bot.storage import Database
from bot.storage.models import Rating

if TYPE_CHECKING:
    from tests.e2e.conftest import Log, Start

NEEDED = {"getMe", "getUpdates", "sendMessage"}
OTHERS = {"deleteWebhook", "setMyCommands", "sendChatAction", "answerCallbackQuery", "editMessageReplyMarkup"}


async def test_three_methods_are_enough(
    start: "Start", plain_poet: Composes, telegram: LocalTelegram, log: "Log"
) -> None:
    for method in OTHERS:
        telegram.faults.add(Fault("unknown_method", method, times=None))
    async with start(plain_poet) as bot:
        message = await bot.answer_to("/poem 月")
        assert message.text.startswith("月")
        telegram.user_presses(message.message_id, message.keyboard[0][0].callback_data or "")
        await bot.at_rest()
        assert [rating.value for rating in bot.rows(Rating)] == [1]
        assert (await bot.answer_to("/poem 山")).text.startswith("山")
    assert {call.method for call in telegram.calls if call.status == 200} <= NEEDED
    assert " ERROR " not in log.text


async def test_registering_commands_does_not_hold_up_the_start(
    start: "Start", plain_poet: Composes, telegram: LocalTelegram
) -> None:
    telegram.faults.add(Fault("timeout", "setMyCommands", times=None))
    async with start(plain_poet) as bot:
        assert (await bot.answer_to("/poem 月")).text.startswith("月")


@pytest.mark.parametrize("token", ["1:wrong", "999999:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"])
async def test_a_wrong_token_is_one_sentence(
    telegram: LocalTelegram, plain_poet: Composes, database: Database, token: str
) -> None:
    settings = read_settings(telegram_bot_token=token, telegram_base_url=telegram.base_url)
    application = build_application(settings, plain_poet, database)
    with pytest.raises(TokenError, match="does not know this token") as caught:
        async with running(application):
            pass
    assert token not in str(caught.value)


async def test_without_a_token_there_is_no_bot(plain_poet: Composes, database: Database) -> None:
    with pytest.raises(TokenError, match="TELEGRAM_BOT_TOKEN"):
        build_application(read_settings(telegram_bot_token=None), plain_poet, database)
