"""/broadcast from command to last delivery, and whatever may happen on the way."""

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from bot.context import services_of
from bot.localchat import Fault, Message
from bot.storage.models import Broadcast, Delivery, UnreachableChat
from bot.view.messages import say_for

if TYPE_CHECKING:
    from tests.e2e.conftest import Running

ADMIN = 1
SAY = say_for("en")


@pytest.fixture(autouse=True)
def _an_administrator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUEXIA_ADMINS", str(ADMIN))
    monkeypatch.setenv("YUEXIA_SENDS_PER_SECOND", "0")
    monkeypatch.setenv("YUEXIA_BROADCAST_TIMEOUT", "0.6")


@pytest.fixture
async def readers(bot: "Running") -> range:
    """Five readers whom the bot knows."""
    ids = range(101, 106)
    for reader in ids:
        bot.telegram.user_sends("/start", reader)
    await bot.at_rest()
    return ids


async def _confirmed(bot: "Running", text: str = "/broadcast Good news") -> Message:
    message = await bot.answer_to(text)
    await bot.press_data(message, message.keyboard[0][0].callback_data or "")
    return message


def _states(bot: "Running") -> Counter[str]:
    return Counter(delivery.state for delivery in bot.rows(Delivery))


async def _ended(bot: "Running", state: str = "done") -> None:
    await bot.telegram.wait_until(lambda: [row.state for row in bot.rows(Broadcast)] == [state])


def _heard(bot: "Running", chat_id: int) -> list[str]:
    return [message.text for message in bot.telegram.messages(chat_id) if message.text == "Good news"]


async def test_everyone_gets_it_once_and_the_message_tells(bot: "Running", readers: range) -> None:
    await bot.answer_to("/broadcast")
    message = await bot.answer_to("/broadcast Good <news>")
    assert "6 chats" in message.text
    assert "Good <news>" in message.text
    assert [button.text for button in message.keyboard[0]] == ["✅ Send", "🗑 Discard"]
    await bot.press_data(message, message.keyboard[0][0].callback_data or "")
    await _ended(bot)
    for reader in readers:
        assert [one.text for one in bot.telegram.messages(reader)].count("Good <news>") == 1
    await bot.telegram.wait_until(lambda: message.text.startswith("Sent."))
    assert "sent 6 of 6" in message.text
    assert message.keyboard == ()
    assert _states(bot) == {"sent": 6}


async def test_pressed_twice_it_begins_once(bot: "Running", readers: range) -> None:
    message = await _confirmed(bot)
    await _ended(bot)
    assert await bot.press_data(message, "b:confirm:1") == SAY("broadcast-gone")
    assert await bot.press_data(message, "b:cancel:1") == SAY("broadcast-gone")
    assert [_heard(bot, reader) for reader in readers] == [["Good news"]] * 5


async def test_discarded_nothing_is_sent(bot: "Running", readers: range) -> None:
    message = await bot.answer_to("/broadcast Good news")
    await bot.press_data(message, message.keyboard[0][1].callback_data or "")
    assert message.text == SAY("broadcast-discarded")
    assert bot.rows(Delivery) == []


async def test_others_hear_what_an_unknown_command_hears(bot: "Running", readers: range) -> None:
    draft = await bot.answer_to("/broadcast Good news")
    bot.chat_id = 101
    unknown = await bot.answer_to("/nonsense", user_id=101)
    assert (await bot.answer_to("/broadcast Buy", user_id=101)).text == unknown.text
    bot.chat_id = -1001
    bot.telegram.user_sends("/broadcast Buy", 101, -1001)
    await bot.at_rest()
    assert bot.answers == []
    bot.telegram.user_sends("hi", 101, 101)
    bot.chat_id = 101
    assert await bot.press_data(bot.answers[-1], "b:confirm:1", user_id=101) == SAY("broadcast-gone")
    assert [row.state for row in bot.rows(Broadcast)] == ["draft"]
    assert draft.text


@pytest.mark.parametrize(
    ("fault", "heard", "state"),
    [
        (Fault("blocked", "sendMessage", 103), 0, "failed"),
        (Fault("too_many_requests", "sendMessage", 103, retry_after=0.1), 1, "sent"),
        (Fault("server_error", "sendMessage", 103), 1, "sent"),
        (Fault("dropped", "sendMessage", 103), 0, "unknown"),
        (Fault("dropped", "sendMessage", 103, carried_out=True), 1, "unknown"),
        (Fault("timeout", "sendMessage", 103), 0, "unknown"),
        (Fault("timeout", "sendMessage", 103, carried_out=True), 1, "unknown"),
    ],
    ids=lambda value: f"{value.kind}-{value.carried_out}" if isinstance(value, Fault) else "",
)
async def test_each_fault_has_its_end(
    bot: "Running", readers: range, monkeypatch: pytest.MonkeyPatch, fault: Fault, heard: int, state: str
) -> None:
    monkeypatch.setattr("bot.jobs.outcomes._FIRST_WAIT_S", 0.05)
    bot.telegram.faults.add(fault)
    message = await _confirmed(bot)
    await _ended(bot)
    assert len(_heard(bot, 103)) == heard
    assert {row.chat_id: row.state for row in bot.rows(Delivery)} == dict.fromkeys((ADMIN, *readers), "sent") | {
        103: state
    }
    await bot.telegram.wait_until(lambda: message.text.startswith("Sent."))
    assert f"unknown {1 if state == 'unknown' else 0}" in message.text
    assert [row.chat_id for row in bot.rows(UnreachableChat)] == ([103] if fault.kind == "blocked" else [])


async def test_a_chat_that_blocked_is_left_out_until_its_reader_speaks_again(bot: "Running", readers: range) -> None:
    bot.telegram.faults.add(Fault("blocked", "sendMessage", 103))
    await _confirmed(bot)
    await _ended(bot)
    assert "5 chats" in (await bot.answer_to("/broadcast More")).text
    bot.telegram.user_sends("/poem 月", 103)
    await bot.at_rest()
    assert "6 chats" in (await bot.answer_to("/broadcast More")).text


async def test_a_pause_for_broadcasts_is_none_for_answers(bot: "Running", readers: range) -> None:
    bot.telegram.faults.add(Fault("too_many_requests", "sendMessage", 101, retry_after=3600))
    message = await _confirmed(bot)
    await bot.telegram.wait_until(lambda: services_of(bot.application).broadcaster.paused)
    assert (await bot.answer_to("/poem 月")).text.startswith("月")
    await bot.press_data(message, "b:cancel:1")
    await _ended(bot, "cancelled")
    assert _states(bot)["cancelled"] >= 1
    await bot.telegram.wait_until(lambda: message.text.startswith("Stopped."))
