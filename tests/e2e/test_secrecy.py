"""The log of a full run, with failures and at its most talkative, holds no token."""

from typing import TYPE_CHECKING

from bot.composing import Composes
from bot.localchat import Fault, LocalTelegram

if TYPE_CHECKING:
    from tests.e2e.conftest import Log, Start


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
