"""What readers ask for without knowing how: by keyboard, in answer to a question, in plain words."""

import re
from typing import TYPE_CHECKING

import pytest

from bot.composing import Composes
from bot.localchat import Message
from bot.storage.models import Poem, Question
from bot.view.language import Language
from bot.view.messages import say_in

if TYPE_CHECKING:
    from tests.e2e.conftest import Running, Start

ENGLISH, HANS = say_in(Language.ENGLISH), say_in(Language.HANS)
GROUP = -1001


async def _press(bot: "Running", message: Message, text: str, user_id: int = 1) -> str:
    [data] = [button.callback_data or "" for row in message.keyboard for button in row if button.text == text]
    return await bot.press_data(message, data, user_id)


async def test_a_keyboard_leads_to_a_poem_across_a_restart(start: "Start", plain_poet: Composes) -> None:
    async with start(plain_poet) as bot:
        bot.telegram.user(1, language_code="zh-hans")
        menu = await bot.answer_to("/compose")
        shown = [button.text for row in menu.keyboard for button in row]
        assert shown == ["✨ 随意一首", "五绝", "七绝", "五律", "七律", "体裁不拘"]
        await _press(bot, menu, "七绝")
        assert menu.text == HANS("choose-beginning", form="七绝")
    async with start(plain_poet) as bot:
        await _press(bot, menu, "‹ 返回")
        assert menu.text == HANS("choose-form")
        await _press(bot, menu, "七律")
        await _press(bot, menu, "红")
        # What was chosen stays, the buttons do not.
        assert (menu.text, menu.keyboard) == ("七律 · 红", ())
        poem = bot.answers[-1]
        assert poem.text.startswith("红")
        [row] = bot.rows(Poem)
        assert (row.asked_prefix, row.asked_form) == ("红", "七律")


async def test_poem_without_words_leads_through_the_keyboard_or_to_a_surprise(bot: "Running") -> None:
    menu = await bot.answer_to("/poem")
    assert menu.text == ENGLISH("choose-form")
    assert bot.rows(Poem) == []
    await bot.press(menu, 0)
    [row] = bot.rows(Poem)
    assert (row.asked_prefix, row.asked_form) == (None, None)
    assert bot.answers[-1].text.startswith("山山山山山，")


@pytest.mark.parametrize("chosen", ["any:none", "五絕:月", "七律:typed"])
async def test_the_last_button_pressed_twice_is_one_wish(bot: "Running", chosen: str) -> None:
    menu = await bot.answer_to("/compose")
    for _ in range(2):
        await bot.press_data(menu, f"c:1:{chosen}")
    assert len(bot.answers) == 2


async def test_a_typed_beginning_keeps_the_form_that_was_chosen(bot: "Running") -> None:
    menu = await bot.answer_to("/compose")
    await _press(bot, menu, "五律")
    await _press(bot, menu, ENGLISH.plain("choose-typed"))
    question = bot.answers[-1]
    assert question.text == ENGLISH("compose-which-prefix", example="床前明月光")
    assert question.reply_request is not None
    await bot.answer_to("湖光")
    [row] = bot.rows(Poem)
    assert (row.asked_prefix, row.asked_form) == ("湖光", "五律")
    other = await bot.answer_to("/compose")
    await _press(bot, other, ENGLISH.plain("choose-any-form"))
    await _press(bot, other, ENGLISH.plain("choose-none"))
    assert (bot.rows(Poem)[-1].asked_prefix, bot.rows(Poem)[-1].asked_form) == (None, None)


async def test_a_menu_is_its_readers_own(bot: "Running") -> None:
    bot.chat_id = GROUP
    menu = await bot.answer_to("/compose@yuexia_bot", user_id=11)
    assert await _press(bot, menu, "五絕", user_id=12) == ENGLISH.plain("choose-not-yours")
    for data in ("c:11:五絕:<b>", "c:0", "c:"):
        await bot.press_data(menu, data, 11)
    assert menu.text == ENGLISH("choose-form")
    await _press(bot, menu, "五絕", user_id=11)
    await _press(bot, menu, ENGLISH.plain("choose-typed"), user_id=11)
    question = bot.answers[-1]
    # The bot does not hear what is said to nobody; a command does, and so does a reply.
    assert question.text == "✎ " + ENGLISH("compose-which-prefix", example="/continue 床前明月光 五絕")
    assert question.reply_request is not None
    assert bot.rows(Question) == []


async def test_in_a_group_a_reply_to_a_question_is_the_answer_of_who_was_asked(
    start: "Start", plain_poet: Composes
) -> None:
    async with start(plain_poet) as bot:
        bot.chat_id = GROUP
        menu = await bot.answer_to("/compose@yuexia_bot", 11)
        await _press(bot, menu, "七絕", 11)
        await _press(bot, menu, ENGLISH.plain("choose-typed"), 11)
        prefix = bot.answers[-1]
        title = await bot.answer_to("/title", 11)
    async with start(plain_poet) as bot:
        bot.chat_id = GROUP
        # Others' words, and those below anything else that the bot says, are talk.
        for text, reader, below in (
            ("海", 12, prefix),
            ("海", 11, menu),
            ("/weather", 11, prefix),
            ("湖光", 11, prefix),
        ):
            bot.telegram.user_sends(text, reader, GROUP, reply_to=below.message_id)
        bot.telegram.user_sends("中秋 五律", 11, GROUP, reply_to=title.message_id)
        await bot.at_rest()
        bot.telegram.user_sends("海", 11, GROUP, reply_to=bot.answers[-1].message_id)
        await bot.at_rest()
        asked = [(row.user_id, row.asked_prefix, row.asked_title, row.asked_form) for row in bot.rows(Poem)]
        assert asked == [(11, "湖光", None, "七絕"), (11, None, "中秋", "五律")]
        assert len(bot.answers) == 5


async def test_a_command_without_words_asks_for_them_across_restarts(start: "Start", plain_poet: Composes) -> None:
    for command, key, answer, column in (
        ("/title", "compose-which-title", "《中秋懷友》 七絕", "asked_title"),
        ("/acrostic 七絕", "compose-which-acrostic", "春夏秋冬", "asked_acrostic"),
        ("/continue", "compose-which-prefix", "床前明月光，疑是地上霜 七絕", "asked_prefix"),
    ):
        async with start(plain_poet) as bot:
            question = await bot.answer_to(command)
            assert question.text.startswith(ENGLISH(key, example=""))
        async with start(plain_poet) as bot:
            await bot.answer_to("/help")
            await bot.answer_to(answer)
            await bot.at_rest()
            row = bot.rows(Poem)[-1]
            assert row.asked_form == "七絕"
            assert getattr(row, column) == re.sub("[《》]| 七絕", "", answer)
            assert bot.rows(Question) == []


async def test_a_poem_by_other_means_closes_the_question(bot: "Running") -> None:
    await bot.answer_to("/title")
    await bot.answer_to("/poem 山")
    await bot.answer_to("海")
    await bot.at_rest()
    assert [(row.asked_prefix, row.asked_title) for row in bot.rows(Poem)] == [("山", None), ("海", None)]


async def test_plain_words_in_a_private_chat(bot: "Running") -> None:
    for text in ("月", "五律", "明月松間照 五絕", "春江花月夜思友人", "題：中秋", "月 七绝 东韵 《江村》"):
        await bot.answer_to(text)
    await bot.at_rest()
    asked = [(row.asked_prefix, row.asked_form, row.asked_title, row.asked_rhyme) for row in bot.rows(Poem)]
    assert asked == [
        ("月", None, None, None),
        (None, "五律", None, None),
        ("明月松間照", "五絕", None, None),
        (None, None, "春江花月夜思友人", None),
        (None, None, "中秋", None),
        ("月", "七絕", "江村", "東"),
    ]
    assert (await bot.answer_to("hello")).text == ENGLISH.plain("talk-hint")
    assert (await bot.answer_to("月 五絕 七律")).text == ENGLISH.plain("compose-two-forms")
