"""Faults strike when, where and as often as they were told to."""

import asyncio
from datetime import timedelta

import pytest
from telegram import Bot
from telegram.error import Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError, TimedOut

from bot.localchat import Fault, FaultKind, Faults, LocalChatError, LocalTelegram


async def test_too_many_requests_says_how_long_to_wait(api: Bot, local_telegram: LocalTelegram) -> None:
    local_telegram.faults.add(Fault("too_many_requests", "sendMessage", retry_after=7))
    with pytest.raises(RetryAfter) as refused:
        await api.send_message(1, "x")
    assert refused.value.retry_after == timedelta(seconds=7)
    assert (await api.send_message(1, "x")).text == "x"
    assert [call.status for call in local_telegram.calls_of("sendMessage")] == [429, 200]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("blocked"), Forbidden("Forbidden: bot was blocked by the user")),
        (Fault("server_error"), NetworkError("Internal Server Error")),
        (Fault("unknown_method"), InvalidToken("Not Found")),
        (Fault("dropped"), NetworkError("httpx.(RemoteProtocol|Read)Error")),
    ],
    ids=lambda value: value.kind if isinstance(value, Fault) else "",
)
async def test_errors(api: Bot, local_telegram: LocalTelegram, fault: Fault, error: TelegramError) -> None:
    local_telegram.faults.add(fault)
    with pytest.raises(type(error), match=error.message):
        await api.send_message(1, "x")
    assert len(local_telegram.messages()) == 1


@pytest.mark.parametrize("kind", [FaultKind.DROPPED, FaultKind.SERVER_ERROR, FaultKind.TIMEOUT])
async def test_a_failed_call_may_have_been_carried_out(
    api: Bot, local_telegram: LocalTelegram, kind: FaultKind
) -> None:
    local_telegram.faults.add(Fault(kind, "sendMessage", carried_out=True))
    with pytest.raises(NetworkError):
        await api.send_message(1, "sent all the same", read_timeout=0.2)
    assert local_telegram.messages()[-1].text == "sent all the same"


async def test_a_timeout_that_is_not_carried_out(api: Bot, local_telegram: LocalTelegram) -> None:
    local_telegram.faults.add(Fault("timeout", "sendMessage"))
    with pytest.raises(TimedOut):
        await api.send_message(1, "lost", read_timeout=0.2)
    assert [message.text for message in local_telegram.messages()] == ["hello"]


async def test_a_late_answer_comes_when_it_is_released(api: Bot, local_telegram: LocalTelegram) -> None:
    local_telegram.faults.add(Fault("timeout", "sendMessage", carried_out=True))
    sending = asyncio.create_task(api.send_message(1, "late", read_timeout=60))
    await local_telegram.wait_until(lambda: len(local_telegram.messages()) == 2)
    assert not sending.done()
    local_telegram.faults.release()
    assert (await sending).text == "late"


async def test_a_lost_answer_to_get_updates_brings_the_updates_again(api: Bot, local_telegram: LocalTelegram) -> None:
    local_telegram.faults.add(Fault("dropped", "getUpdates", carried_out=True))
    with pytest.raises(NetworkError):
        await api.get_updates()
    assert [u.message.text for u in await api.get_updates() if u.message] == ["hello"]


async def test_a_stopping_server_lets_go_of_held_calls() -> None:
    server = LocalTelegram()
    server.faults.add(Fault("timeout", "getMe"))
    async with server.running():
        bot = Bot(server.token, base_url=server.base_url)
        asking = asyncio.create_task(bot.get_me(read_timeout=60))
        await server.wait_until(lambda: bool(server.calls))
    with pytest.raises(NetworkError):
        await asking
    await bot.shutdown()


def test_a_fault_chooses_method_and_chat() -> None:
    faults = Faults()
    fault = faults.add(Fault("blocked", "sendmessage", chat_id=7, times=None))
    assert faults.strike("sendMessage", 8) is None
    assert faults.strike("editMessageText", 7) is None
    assert [faults.strike("sendMessage", 7) for _ in range(3)] == [fault] * 3
    faults.remove(fault)
    assert faults.strike("sendMessage", 7) is None
    assert faults.struck[fault] == 3


def test_a_fault_for_everything_leaves_polling_alone() -> None:
    faults = Faults()
    fault = faults.add(Fault("server_error"))
    assert faults.strike("getUpdates", None) is None
    assert faults.strike("getMe", None) is fault


def test_a_fault_can_begin_later_and_runs_out() -> None:
    faults = Faults()
    faults.add(Fault("server_error", skip=2, times=2))
    assert [faults.strike("getMe", None) is not None for _ in range(6)] == [False, False, True, True, False, False]


def test_chance_is_repeatable() -> None:
    def struck(seed: int) -> list[bool]:
        faults = Faults(seed)
        faults.add(Fault("server_error", times=None, probability=0.3))
        return [faults.strike("getMe", None) is not None for _ in range(1000)]

    assert struck(1) == struck(1) != struck(2)
    assert 250 < sum(struck(1)) < 350


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"kind": "earthquake"}, "There is no fault 'earthquake'"),
        ({"kind": "blocked", "carried_out": True}, "never carried out"),
        ({"kind": "dropped", "probability": 1.5}, "between 0 and 1"),
    ],
)
def test_contradictions_are_refused(wrong: dict[str, object], complaint: str) -> None:
    with pytest.raises(LocalChatError, match=complaint):
        Fault(**wrong)  # type: ignore[arg-type]
