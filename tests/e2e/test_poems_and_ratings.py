"""/poem 月 → a poem → 👍 → the row is in the database: the path that the project is about."""

import re
from typing import TYPE_CHECKING

import pytest

from bot.storage.models import Chat, HandledUpdate, Poem, Rating, User
from bot.view.language import Language
from bot.view.messages import say_in
from poetcore.prosody import FORMS
from poetcore.script import to_simplified

if TYPE_CHECKING:
    from tests.e2e.conftest import Running

HANT, HANS, ENGLISH = (say_in(language) for language in (Language.HANT, Language.HANS, Language.ENGLISH))


async def test_a_poem_begins_as_asked_and_can_be_rated(real_bot: "Running") -> None:
    message = await real_bot.answer_to("/poem 月")
    assert message.text.startswith("月")
    assert real_bot.buttons(message) == ["👍", "👎"]
    await real_bot.at_rest()
    [poem] = real_bot.rows(Poem)
    assert message.text.split("\n\n")[0].replace("\n", "") == poem.text
    assert FORMS[poem.form].fits(poem.text)
    assert (poem.user_id, poem.chat_id, poem.message_id) == (1, 1, message.message_id)
    assert (poem.asked_prefix, poem.asked_form, poem.script) == ("月", None, "hant")
    assert 0 <= poem.seed < 2**31
    assert [user.id for user in real_bot.rows(User)] == [1]
    assert [(chat.id, chat.kind) for chat in real_bot.rows(Chat)] == [(1, "private")]
    assert real_bot.telegram.calls_of("sendChatAction")


async def test_a_rating_is_stored_withdrawn_and_changed(bot: "Running") -> None:
    bot.telegram.user(1, language_code="zh-hant")
    message = await bot.answer_to("/poem 月")
    assert await bot.press(message, 0) == HANT.plain("rate-up")
    [rating] = bot.rows(Rating)
    assert (rating.user_id, rating.value) == (1, 1)
    assert bot.buttons(message) == ["👍 1", "👎"]
    assert await bot.press(message, 0) == HANT.plain("rate-withdrawn")
    assert bot.rows(Rating) == []
    assert bot.buttons(message) == ["👍", "👎"]
    assert await bot.press(message, 0) == HANT.plain("rate-up")
    assert await bot.press(message, 1) == HANT.plain("rate-down")
    [rating] = bot.rows(Rating)
    assert rating.value == -1
    assert bot.buttons(message) == ["👍", "👎 1"]


async def test_a_group_rates_together(bot: "Running") -> None:
    bot.chat_id = -1001
    message = await bot.answer_to("/poem@yuexia_bot 五絕 山", user_id=11)
    await bot.press(message, 0, user_id=11)
    await bot.press(message, 0, user_id=12)
    await bot.press(message, 1, user_id=13)
    assert bot.buttons(message) == ["👍 2", "👎 1"]
    assert [chat.kind for chat in bot.rows(Chat)] == ["supergroup"]


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("/poem 月 七絕", r"月.{6}，.{7}。\n.{7}，.{7}。\n\n七絕 · .韻"),
        ("/poem 五律 明月", r"明月.{3}，.{5}。\n(.{5}，.{5}。\n){3}\n五律 · .韻"),
        ("/poem 《中秋》", r"中秋\n\n(.{5}|.{7})，(.|\n)*"),
        ("/poem月", r"月(.|\n)*"),
    ],
)
async def test_forms_and_beginnings(real_bot: "Running", text: str, pattern: str) -> None:
    assert re.fullmatch(pattern, (await real_bot.answer_to(text)).text)


async def test_a_simplified_reader_reads_simplified(real_bot: "Running") -> None:
    real_bot.telegram.user(1, language_code="zh-hans")
    message = await real_bot.answer_to("/poem 云 七绝")
    assert message.text.startswith("云")
    assert message.text == to_simplified(message.text)
    assert message.text.split("\n\n")[-1].startswith("七绝 · ")
    await real_bot.at_rest()
    assert [poem.script for poem in real_bot.rows(Poem)] == ["hans"]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("/poem moon 😀", ENGLISH.plain("compose-no-hanzi")),
        ("/poem 五絕 七律", ENGLISH.plain("compose-two-forms")),
        ("/help", ENGLISH.plain("talk-help")),
        ("/unknown", ENGLISH.plain("talk-hint")),
        ("hello", ENGLISH.plain("talk-hint")),
    ],
)
async def test_what_is_no_request_gets_a_friendly_answer(bot: "Running", text: str, answer: str) -> None:
    assert (await bot.answer_to(text)).text == answer


async def test_start_greets_in_the_readers_language(bot: "Running") -> None:
    bot.telegram.user(1, language_code="zh-CN")
    assert (await bot.answer_to("/start")).text == re.sub("</?b>", "", HANS.plain("talk-start"))


async def test_id_shows_the_ids_that_settings_ask_for(bot: "Running") -> None:
    assert (await bot.answer_to("/id")).text == "Your id: 1\nThis chat's id: 1"


@pytest.mark.parametrize("text", ["hello", "/unknown", "/poem@other_bot 月", "/unknown@other_bot"])
async def test_a_group_is_left_alone(bot: "Running", text: str) -> None:
    bot.chat_id = -1001
    bot.telegram.user_sends(text, 11, -1001)
    await bot.answer_to("/help@yuexia_bot", user_id=11)
    assert len(bot.answers) == 1


async def test_what_members_of_a_group_say_to_each_other_leaves_no_trace(bot: "Running") -> None:
    bot.chat_id = -1001
    bot.telegram.user_sends("hello", 12, -1001)
    await bot.answer_to("/help@yuexia_bot", user_id=11)
    assert [user.id for user in bot.rows(User)] == [11]
    assert len(bot.rows(HandledUpdate)) == 1


@pytest.mark.parametrize("data", ["r:999999:+", "r:1:?", "nonsense", "r:0:-", "r:1:+ "])
async def test_foreign_buttons_change_nothing(bot: "Running", data: str) -> None:
    message = await bot.answer_to("/poem 月")
    assert await bot.press_data(message, data) == ENGLISH.plain("rate-poem-gone")
    assert bot.rows(Rating) == []
    assert bot.buttons(message) == ["👍", "👎"]


async def test_a_poem_is_rated_where_it_was_written(bot: "Running") -> None:
    await bot.answer_to("/poem 月")
    await bot.at_rest()
    [poem] = bot.rows(Poem)
    bot.chat_id = 2
    elsewhere = await bot.answer_to("/help", user_id=2)
    assert await bot.press_data(elsewhere, f"r:{poem.id}:+", user_id=2) == ENGLISH.plain("rate-poem-gone")
    assert bot.rows(Rating) == []


async def test_many_requests_of_one_chat_are_answered_in_order(real_bot: "Running") -> None:
    beginnings = "山月風天日水春花秋白"
    for beginning in beginnings:
        real_bot.telegram.user_sends(f"/poem {beginning}")
    await real_bot.telegram.wait_until(lambda: len(real_bot.answers) == len(beginnings), timeout=60)
    assert [message.text[0] for message in real_bot.answers] == list(beginnings)
    await real_bot.at_rest()
    assert len({poem.seed for poem in real_bot.rows(Poem)}) == len(beginnings)
