"""Manners: who asks for too much waits, insults are not written, and a group is not disturbed."""

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.composing import Composes
from bot.context import services_of
from bot.manners.limits import Limits
from bot.storage.models import Failure, Poem, Rating
from bot.view.language import Language
from bot.view.messages import say_in
from poetcore.generation import ComposeRequest
from poetcore.generation import Poem as Composed

if TYPE_CHECKING:
    from tests.e2e.conftest import Log, Running, Start

ENGLISH = say_in(Language.ENGLISH)
GROUP = -1001


def _limit(bot: "Running", reader: float, group: float) -> None:
    """Set limits on a clock that stands still."""
    data = bot.application.bot_data
    data["services"] = replace(data["services"], limits=Limits(reader, group, clock=lambda: 0.0))


async def test_who_asks_for_too_much_is_asked_to_wait_once(bot: "Running") -> None:
    _limit(bot, reader=2, group=3)
    message = await bot.answer_to("/poem 月")
    assert (await bot.answer_to("/id")).text.startswith("Your id")
    assert (await bot.answer_to("/poem 山")).text == ENGLISH.plain("manners-wait", seconds=30)
    bot.telegram.user_sends("/poem 山")
    bot.telegram.user_presses(message.message_id, "r:1:+")
    await bot.at_rest()
    assert (len(bot.answers), bot.telegram.calls_of("answerCallbackQuery")) == (3, [])
    # Others are not held up; but a group has a measure of its own.
    bot.chat_id = GROUP
    for reader in (11, 12, 13):
        await bot.answer_to("/poem@yuexia_bot 月", reader)
    assert (await bot.answer_to("/poem@yuexia_bot 月", 14)).text == ENGLISH.plain("manners-wait", seconds=20)
    for reader in (14, 15):
        bot.telegram.user_sends("/poem@yuexia_bot 月", reader, GROUP)
    assert await bot.press(bot.answers[0], 0, 15) == ENGLISH.plain("rate-up")
    assert len(bot.answers) == 4


async def test_insults_are_not_written(bot: "Running") -> None:
    for text in ("/acrostic 強姦犯人", "/title fuck 月", "弱智之歌", "/poem 五絕 強中自有，姦邪"):
        assert (await bot.answer_to(text)).text == ENGLISH.plain("manners-unwelcome"), text
    assert bot.rows(Poem) == []


class PatientPoet:
    """Writes when it is let."""

    version = "patient"

    def __init__(self, poet: Composes) -> None:
        self._poet = poet
        self.go_on = threading.Event()

    def compose(self, request: ComposeRequest) -> Composed:
        """The other poet's poem, later."""
        assert self.go_on.wait(60)
        return self._poet.compose(request)


async def test_when_too_many_poems_wait_the_next_reader_is_told(start: "Start", plain_poet: Composes) -> None:
    poet = PatientPoet(plain_poet)
    async with start(poet) as bot:
        composer = services_of(bot.application).composer
        composer._turns = type(composer._turns)(1, most_waiting=2, most_of_one=2)
        for reader in (1, 2, 3):
            bot.telegram.user_sends("/poem 月", reader)
        await bot.telegram.wait_until(lambda: composer.waiting == 2)
        bot.chat_id = 4
        assert (await bot.answer_to("/poem 月", 4)).text == ENGLISH.plain("manners-busy")
        poet.go_on.set()
        await bot.telegram.wait_until(lambda: all(len(bot.telegram.messages(reader)) == 2 for reader in (1, 2, 3)))
        assert (await bot.answer_to("/poem 月", 4)).text.startswith("月")
        assert len(composer.durations) == 4


async def test_a_group_is_answered_when_it_calls_the_bot_by_name(bot: "Running") -> None:
    bot.chat_id = GROUP
    poem = await bot.answer_to("@yuexia_bot 月", 11)
    assert poem.text.startswith("月")
    assert (await bot.answer_to("@yuexia_bot", 11)).text == ENGLISH.plain("talk-hint")
    for text in ("好詩", "/weather"):
        bot.telegram.user_sends(text, 12, GROUP, reply_to=poem.message_id)
    await bot.answer_to("/id@yuexia_bot", 11)
    assert len(bot.answers) == 3


async def test_a_button_of_a_message_that_is_gone_still_does_what_it_can(bot: "Running", log: "Log") -> None:
    await bot.answer_to("/poem 月")
    place = {"message_id": 999, "date": 0, "chat": {"id": 1, "type": "private"}}
    reader = {"id": 1, "is_bot": False, "first_name": "Reader"}
    press = {"id": "1", "from": reader, "chat_instance": "1", "message": place}
    # Nobody asked these: it is too late to answer them, and there is no message to edit.
    presses = [press | {"data": data} for data in ("r:1:+", "p:1:again", "d:stop", "r:1:?", "x" * 5000, "")]
    updates = [{"update_id": number, "callback_query": data} for number, data in enumerate(presses, 1)]
    await services_of(bot.application).inbox.put(updates)
    await bot.telegram.wait_until(lambda: len(bot.answers) == 2)
    await bot.at_rest()
    assert [rating.value for rating in bot.rows(Rating)] == [1]
    assert len(bot.rows(Poem)) == 2
    assert bot.rows(Failure) == []
    assert "ERROR" not in log.text
