"""Groups: who decides about their daily poem, and administrators who remain anonymous."""

from itertools import count
from typing import TYPE_CHECKING

import pytest

from bot.context import services_of
from bot.localchat import Fault, Message
from bot.storage.models import Poem, Subscription
from bot.view.language import Language
from bot.view.messages import say_in

if TYPE_CHECKING:
    from tests.e2e.conftest import Running

ENGLISH = say_in(Language.ENGLISH)
GROUP, OTHER_GROUP = -1001, -1002
CREATOR, ADMINISTRATOR, MEMBER, ANONYMOUS = 11, 12, 13, 1087968824


@pytest.fixture(autouse=True)
def _groups(bot: "Running") -> None:
    for group in (GROUP, OTHER_GROUP):
        bot.telegram.make_group(group, administrators=(CREATOR, ADMINISTRATOR), members=(MEMBER,))
    bot.chat_id = GROUP


@pytest.mark.parametrize("reader", [CREATOR, ADMINISTRATOR])
async def test_an_administrator_orders_and_stops_the_daily_poem(bot: "Running", reader: int) -> None:
    message = await bot.answer_to("/daily 07:30 +8", reader)
    assert "07:30 by the clocks of +08:00" in message.text
    assert [(row.chat_id, row.user_id) for row in bot.rows(Subscription)] == [(GROUP, reader)]
    await bot.press(message, 1, reader)
    assert message.text == ENGLISH("daily-stopped")
    assert bot.rows(Subscription) == []


async def test_a_mere_member_neither_orders_nor_stops_it(bot: "Running") -> None:
    assert (await bot.answer_to("/daily 07:30", MEMBER)).text == ENGLISH("daily-not-admin")
    message = await bot.answer_to("/daily 07:30", CREATOR)
    assert await bot.press(message, 1, MEMBER) == ENGLISH.plain("daily-not-admin")
    assert [row.user_id for row in bot.rows(Subscription)] == [CREATOR]


async def test_where_telegram_does_not_say_who_administers_it_is_to_be_tried_again(bot: "Running") -> None:
    message = await bot.answer_to("/daily 07:30", CREATOR)
    bot.telegram.faults.add(Fault("dropped", "getChatMember", times=2))
    assert (await bot.answer_to("/daily stop", CREATOR)).text == ENGLISH("daily-not-known")
    assert await bot.press(message, 1, CREATOR) == ENGLISH.plain("daily-not-known")
    assert (await bot.answer_to("/daily stop", CREATOR)).text == ENGLISH("daily-stopped")


class Anonymous:
    """An administrator whose messages Telegram gives in the name of the group."""

    def __init__(self, bot: "Running") -> None:
        self._bot = bot
        self._ids = count(1)

    async def says(self, text: str, group_id: int = GROUP) -> list[Message]:
        """Write, and wait until the bot is at rest; what it answered."""
        group, number = {"id": group_id, "type": "supergroup", "title": "Poets"}, next(self._ids)
        sender = {"id": ANONYMOUS, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
        message = {"message_id": 500 + number, "date": 0, "chat": group, "from": sender, "sender_chat": group}
        self._bot.chat_id, before = group_id, len(self._bot.telegram.messages(group_id))
        await services_of(self._bot.application).inbox.put(
            [{"update_id": number, "message": {**message, "text": text}}]
        )
        await self._bot.at_rest()
        return self._bot.telegram.messages(group_id)[before:]


async def test_an_anonymous_administrator_decides_about_the_daily_poem(bot: "Running") -> None:
    anonymous = Anonymous(bot)
    [message] = await anonymous.says("/daily@yuexia_bot 07:30 +8")
    assert "07:30 by the clocks of +08:00" in message.text
    assert [(row.chat_id, row.user_id) for row in bot.rows(Subscription)] == [(GROUP, ANONYMOUS)]
    assert (await anonymous.says("/daily pause"))[0].text.startswith("Paused")
    # A press is always in one's own name.
    assert await bot.press(message, 1, MEMBER) == ENGLISH.plain("daily-not-admin")
    assert (await anonymous.says("/daily stop"))[0].text == ENGLISH("daily-stopped")
    assert bot.rows(Subscription) == []


async def test_an_anonymous_administrator_gets_poems_and_the_menu_is_everybodys(bot: "Running") -> None:
    anonymous = Anonymous(bot)
    assert (await anonymous.says("/poem 月"))[0].text.startswith("月")
    [menu] = await anonymous.says("/poem")
    await bot.press(menu, 0, CREATOR)
    assert [row.user_id for row in bot.rows(Poem)] == [ANONYMOUS, CREATOR]


async def test_anonymously_nothing_is_answered_that_concerns_one_person(bot: "Running") -> None:
    anonymous = Anonymous(bot)
    for text in (
        "/id",
        "/id@yuexia_bot",
        "/settings",
        "/stats@yuexia_bot",
        "/poem@other_bot 月",
        "@yuexia_bot 月",
        "月",
    ):
        assert await anonymous.says(text) == [], text


async def test_anonymous_administrators_of_one_group_take_nothing_from_those_of_another(bot: "Running") -> None:
    bot.limit(reader=1, group=0)
    anonymous = Anonymous(bot)
    for group in (GROUP, OTHER_GROUP):
        assert (await anonymous.says("/poem 月", group))[0].text.startswith("月")
    assert (await anonymous.says("/poem 月"))[0].text == ENGLISH.plain("manners-wait", seconds=60)
