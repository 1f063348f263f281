"""Manners: who asks for too much waits, insults are not written, and a group is not disturbed."""

import threading
from typing import TYPE_CHECKING

from bot.composing import Composes
from bot.context import services_of
from bot.storage.models import Failure, Poem, Rating
from bot.view.language import Language
from bot.view.messages import say_in
from poetcore.generation import ComposeRequest
from poetcore.generation import Poem as Composed

if TYPE_CHECKING:
    from tests.e2e.conftest import Log, Running, Start

ENGLISH = say_in(Language.ENGLISH)
GROUP = -1001


def _wait(seconds: int) -> str:
    return ENGLISH.plain("manners-wait", seconds=seconds)


async def test_who_asks_for_too_much_is_asked_to_wait_once_and_at_each_press(bot: "Running") -> None:
    bot.limit(reader=2, group=3)
    message = await bot.answer_to("/poem 月")
    assert (await bot.answer_to("/id")).text.startswith("Your id")
    assert await bot.press(message, 0) == _wait(30)
    assert (await bot.answer_to("/poem 山")).text == _wait(30)
    bot.telegram.user_sends("/poem 山")
    for _ in range(2):
        assert await bot.press(message, 0) == _wait(30)
    assert (len(bot.answers), bot.rows(Rating)) == (3, [])
    # Others are not held up; but a group has a measure of its own.
    bot.chat_id = GROUP
    for reader in (11, 12, 13):
        await bot.answer_to("/poem@yuexia_bot 月", reader)
    assert (await bot.answer_to("/poem@yuexia_bot 月", 14)).text == _wait(20)
    for reader in (14, 15):
        bot.telegram.user_sends("/poem@yuexia_bot 月", reader, GROUP)
    assert await bot.press(bot.answers[0], 0, 15) == ENGLISH.plain("rate-up")
    assert len(bot.answers) == 4


async def test_a_press_that_posts_counts_as_what_a_group_hears(bot: "Running") -> None:
    bot.chat_id = GROUP
    bot.limit(reader=0, group=3)
    poem = await bot.answer_to("/poem@yuexia_bot 月", 11)
    menu = await bot.answer_to("/compose@yuexia_bot", 11)
    assert await bot.press_data(poem, "p:1:again", 12) == ""
    for act in ("again", "line:1", "form:七絕", "card:dark", "scan", "share"):
        assert await bot.press_data(poem, f"p:1:{act}", 12) == _wait(20)
    assert await bot.press_data(menu, "c:11:any:none", 11) == _wait(20)
    # What only changes buttons is answered; and who writes is told, for nobody else has seen the toasts.
    assert await bot.press_data(menu, "c:11:五絕", 11) == ""
    assert await bot.press_data(poem, "p:1:lines", 12) == ""
    assert await bot.press_data(poem, "p:1:star", 12) == ENGLISH.plain("poem-starred")
    assert await bot.press_data(poem, "r:1:+", 12) == ENGLISH.plain("rate-up")
    assert len(bot.answers) == 3
    assert (await bot.answer_to("/help@yuexia_bot", 13)).text == _wait(20)


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
