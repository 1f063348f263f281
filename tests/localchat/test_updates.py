"""getUpdates: waiting, confirming, delivering again, conflicting."""

import asyncio

import pytest
from telegram import Bot
from telegram.error import Conflict

from bot.localchat import LocalChatError, LocalTelegram


async def test_updates_wait_until_they_are_confirmed(api: Bot, local_telegram: LocalTelegram) -> None:
    local_telegram.user_sends("second")
    texts = [[u.message.text for u in await api.get_updates() if u.message] for _ in range(2)]
    assert texts == [["hello", "second"]] * 2
    last = (await api.get_updates())[-1].update_id
    assert await api.get_updates(offset=last + 1) == ()
    assert local_telegram.pending_updates == 0


async def test_limit_and_negative_offset_choose(api: Bot, local_telegram: LocalTelegram) -> None:
    ids = [local_telegram.user_sends(text) for text in "abc"]
    assert [u.update_id for u in await api.get_updates(limit=1)] == [ids[0] - 1]
    assert [u.update_id for u in await api.get_updates(offset=-2)] == ids[1:]
    assert local_telegram.pending_updates == 2


async def test_a_long_poll_ends_when_something_happens(api: Bot, local_telegram: LocalTelegram) -> None:
    last = (await api.get_updates())[-1].update_id
    poll = asyncio.create_task(api.get_updates(offset=last + 1, timeout=50))
    await local_telegram.wait_until(lambda: len(local_telegram.calls_of("getUpdates")) == 2)
    sent = local_telegram.user_sends("now")
    assert [u.update_id for u in await poll] == [sent]


async def test_a_second_poll_ends_the_first_with_a_conflict(api: Bot, local_telegram: LocalTelegram) -> None:
    last = (await api.get_updates())[-1].update_id
    first = asyncio.create_task(api.get_updates(offset=last + 1, timeout=50))
    await local_telegram.wait_until(lambda: len(local_telegram.calls_of("getUpdates")) == 2)
    async with Bot(local_telegram.token, base_url=local_telegram.base_url) as other:
        assert await other.get_updates(offset=last + 1) == ()
    with pytest.raises(Conflict, match="terminated by other getUpdates request"):
        await first


async def test_a_poll_ends_when_the_server_stops() -> None:
    server = LocalTelegram()
    async with server.running():
        bot = Bot(server.token, base_url=server.base_url)
        poll = asyncio.create_task(bot.get_updates(timeout=50))
        await server.wait_until(lambda: bool(server.calls_of("getUpdates")))
    assert await poll == ()
    await bot.shutdown()


async def test_a_confirmed_update_can_come_again(api: Bot, local_telegram: LocalTelegram) -> None:
    first = (await api.get_updates())[-1].update_id
    await api.get_updates(offset=first + 1)
    local_telegram.redeliver(first)
    assert [u.update_id for u in await api.get_updates(offset=first + 1)] == [first]
    assert await api.get_updates(offset=first + 1) == ()
    with pytest.raises(LocalChatError, match="There is no update 5 to deliver again"):
        local_telegram.redeliver(5)


async def test_only_allowed_updates_are_queued(api: Bot, local_telegram: LocalTelegram) -> None:
    await api.get_updates(allowed_updates=["callback_query"])
    local_telegram.user_sends("unheard")
    press = local_telegram.user_presses(1, "x")
    assert [u.update_id for u in await api.get_updates()][1:] == [press]


def test_a_later_server_never_repeats_an_update_id() -> None:
    now = [1_700_000_000.0]
    earlier = LocalTelegram(clock=lambda: now[0])
    last = [earlier.user_sends("x") for _ in range(100)][-1]
    now[0] += 1
    assert LocalTelegram(clock=lambda: now[0]).user_sends("x") > last


async def test_readers_groups_and_languages(api: Bot, local_telegram: LocalTelegram) -> None:
    local_telegram.user(7, first_name="白居易", language_code="zh-hant")
    local_telegram.user_sends("/poem@yuexia_bot 月", user_id=7, chat_id=-100)
    message = (await api.get_updates())[-1].message
    assert message is not None
    assert message.from_user is not None
    assert (message.chat.type, message.from_user.full_name) == ("supergroup", "白居易")
    assert message.from_user.language_code == "zh-hant"
    assert list(message.parse_entities(["bot_command"]).values()) == ["/poem@yuexia_bot"]
    assert (await api.send_message(-100, "月…")).chat_id == -100
    with pytest.raises(LocalChatError, match="private"):
        local_telegram.user_sends("x", user_id=7, chat_id=1)
    with pytest.raises(LocalChatError, match="no message 99 in chat 7"):
        local_telegram.user_presses(99, "x", user_id=7)
