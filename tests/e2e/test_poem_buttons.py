"""The buttons below a poem, pressed as readers press them: in private, in groups, twice, too late, after a restart."""

import re
from typing import TYPE_CHECKING

from telegram import Update

from bot.localchat import Fault, LocalTelegram, Message
from bot.storage.models import Favourite, Poem, Rating, Variation
from bot.view.language import Language
from bot.view.messages import say_in
from poetcore.generation import Poet

if TYPE_CHECKING:
    from tests.e2e.conftest import Running, Start

HANT, ENGLISH = say_in(Language.HANT), say_in(Language.ENGLISH)
GROUP = -1001


def _button(message: Message, text: str) -> str:
    """The data of the button with this text."""
    [data] = [button.callback_data for row in message.keyboard for button in row if button.text == text]
    assert data is not None
    return data


def _texts(message: Message) -> list[list[str]]:
    return [[button.text for button in row] for row in message.keyboard]


async def _answer_to_press(bot: "Running", message: Message, text: str, user_id: int = 1) -> Message:
    """Press a button and wait for the message that follows."""
    before = len(bot.answers)
    await bot.press_data(message, _button(message, text), user_id)
    assert len(bot.answers) == before + 1
    return bot.answers[-1]


async def test_from_one_poem_to_others(real_bot: "Running") -> None:
    real_bot.telegram.user(1, language_code="zh-hant")
    poem = await real_bot.answer_to("/poem 月 七絕 東韻 《江村》")
    assert re.fullmatch(r"江村\n\n月.{6}，.{7}。\n.{7}，.{7}。\n\n七絕 · 東韻", poem.text)
    assert _texts(poem) == [["👍", "👎", "☆"], ["再來一首", "換一句", "換體裁"], ["格律", "詩箋", "分享"]]

    another = await _answer_to_press(real_bot, poem, "再來一首")
    assert re.fullmatch(r"江村\n\n月.{6}，.{7}。\n.{7}，.{7}。\n\n七絕 · 東韻", another.text)
    assert another.text != poem.text

    other = await _answer_in_other_form(real_bot, poem)
    assert re.fullmatch(r"江村\n\n月.{4}，.{5}。\n(.{5}，.{5}。\n){3}\n五律 · 東韻", other.text)
    # The choice is made: the poem has all its buttons again.
    assert _texts(poem)[1] == ["再來一首", "換一句", "換體裁"]

    first, second, third = real_bot.rows(Poem)
    asked = ("月", "江村", None, "東")
    assert {(row.asked_prefix, row.asked_title, row.asked_acrostic, row.asked_rhyme) for row in (first, second)} == {
        asked
    }
    assert [row.asked_form for row in (first, second, third)] == ["七絕", "七絕", "五律"]
    assert len({row.seed for row in (first, second, third)}) == 3


async def _answer_in_other_form(bot: "Running", poem: Message) -> Message:
    await bot.press_data(poem, _button(poem, "換體裁"))
    assert _texts(poem) == [["五絕", "五律", "七律"], ["‹ 返回"]]
    return await _answer_to_press(bot, poem, "五律")


async def test_a_line_anew_keeps_the_others(real_bot: "Running") -> None:
    poem = await real_bot.answer_to("/acrostic 春夏秋冬 七絕")
    await real_bot.press_data(poem, _button(poem, "New line"))
    lines = [text for row in _texts(poem)[:-1] for text in row]
    assert [line[0] for line in lines] == list("春夏秋冬")
    anew = await _answer_to_press(real_bot, poem, lines[1])
    kept, row = real_bot.rows(Poem)
    again = re.split("[，。]", row.text)[:4]
    assert again[1] != lines[1]
    assert again[1][0] == "夏"
    assert (again[0], again[2], again[3]) == (lines[0], lines[2], lines[3])
    [variation] = real_bot.rows(Variation)
    assert (variation.poem_id, variation.parent_id, variation.line) == (row.id, kept.id, 2)
    # It is a poem like any other: another line of it can be written anew, and it can be rated by itself.
    await real_bot.press_data(anew, _button(anew, "New line"))
    third = await _answer_to_press(real_bot, anew, again[3])
    await real_bot.press(third, 0)
    assert [rating.poem_id for rating in real_bot.rows(Rating)] == [row.id + 1]


async def test_a_favourite_is_kept_and_shown(bot: "Running") -> None:
    poem = await bot.answer_to("/poem 月")
    assert await bot.press_data(poem, _button(poem, "☆")) == ENGLISH.plain("poem-starred")
    assert [(row.user_id, row.poem_id) for row in bot.rows(Favourite)] == [(1, bot.rows(Poem)[0].id)]
    assert _texts(poem)[0] == ["👍", "👎", "★"]
    # A rating changes its own button alone, and what was chosen from keeps what it was.
    await bot.press(poem, 0)
    assert _texts(poem)[0] == ["👍 1", "👎", "★"]
    await bot.press_data(poem, _button(poem, "Other form"))
    await bot.press_data(poem, _button(poem, "‹ Back"))
    assert _texts(poem)[0] == ["👍 1", "👎", "★"]
    assert await bot.press_data(poem, _button(poem, "★")) == ENGLISH.plain("poem-unstarred")
    assert bot.rows(Favourite) == []
    assert _texts(poem)[0] == ["👍 1", "👎", "☆"]


async def test_the_scansion_stands_below_the_characters(real_bot: "Running") -> None:
    real_bot.telegram.user(1, language_code="zh-hant")
    poem = await real_bot.answer_to("/poem 七絕")
    scansion = await _answer_to_press(real_bot, poem, "格律")
    lines = re.split("[，。\n]+", poem.text)[:4]
    heading, *couplets, legend, _ = scansion.text.split("\n\n")
    table = "\n".join(couplets)
    assert re.fullmatch("七絕 · [平仄]起 · 首句不?入韻 · .韻", heading)
    assert table.split("\n")[::2] == lines
    assert all(re.fullmatch("[○●◐？]{6}[○●◐◎]", signs) for signs in table.split("\n")[1::2])
    assert [signs[-1] for signs in table.split("\n")[3::4]] == ["◎", "◎"]
    assert legend == HANT("scan-legend")


async def test_a_group_shares_a_poem_and_each_their_own(real_bot: "Running") -> None:
    real_bot.chat_id = GROUP
    real_bot.telegram.user(11, language_code="zh-hant")
    poem = await real_bot.answer_to("/poem@yuexia_bot 月", user_id=11)
    # Somebody else's language changes nothing of the buttons that all see.
    await real_bot.press(poem, 1, user_id=12)
    assert _texts(poem)[0] == ["👍", "👎 1", "☆"]
    assert _texts(poem)[1][0] == "再來一首"
    assert await real_bot.press_data(poem, _button(poem, "☆"), 12) == ENGLISH.plain("poem-starred")
    assert _texts(poem)[0] == ["👍", "👎 1", "☆"]
    another = await _answer_to_press(real_bot, poem, "再來一首", user_id=12)
    assert _texts(another)[1][0] == "Another"
    assert [(row.user_id, row.chat_id) for row in real_bot.rows(Poem)] == [(11, GROUP), (12, GROUP)]


async def test_what_does_not_stand_here_cannot_be_pressed(bot: "Running") -> None:
    await bot.answer_to("/poem 月")
    [poem] = bot.rows(Poem)
    bot.chat_id = 2
    elsewhere = await bot.answer_to("/help", user_id=2)
    acts = ("menu", "again", "lines", "line:1", "forms", "form:七絕", "cards", "card:dark", "star", "scan", "share")
    for data in (*(f"p:{poem.id}:{act}" for act in acts), "p:999:again", "p:1:line:9", "p:1:<b>", "p:"):
        assert await bot.press_data(elsewhere, data, user_id=2) == ENGLISH.plain("rate-poem-gone")
    assert len(bot.rows(Poem)) == 1
    assert bot.rows(Favourite) == []
    assert len(bot.answers) == 1


async def test_presses_on_what_is_gone_or_as_it_was_are_harmless(bot: "Running", telegram: LocalTelegram) -> None:
    poem = await bot.answer_to("/poem 月")
    lines = _button(poem, "New line")
    for _ in range(2):
        assert await bot.press_data(poem, lines) == ""
    # Pressed below the keyboard that has changed since: an old client's view.
    await bot.press_data(poem, _button(poem, "‹ Back"))
    for method in ("editMessageReplyMarkup", "answerCallbackQuery"):
        telegram.faults.add(Fault("unknown_method", method))
    await bot.press_data(poem, lines)
    assert await bot.press(poem, 0) == ENGLISH.plain("rate-up")
    assert [call.status for call in telegram.calls_of("sendMessage")] == [200]


async def test_a_choice_pressed_twice_is_one_wish(bot: "Running") -> None:
    poem = await bot.answer_to("/poem 月")
    for number, (menu, chosen) in enumerate((("lines", "line:2"), ("forms", "form:七絕"), ("cards", "card:dark")), 2):
        await bot.press_data(poem, f"p:1:{menu}")
        for _ in range(2):
            await bot.press_data(poem, f"p:1:{chosen}")
        assert len(bot.answers) == number


async def test_below_a_message_too_old_to_be_told_the_buttons_work(bot: "Running") -> None:
    poem = await bot.answer_to("/poem 月")
    await bot.at_rest()
    place = {"chat": {"id": 1, "type": "private", "first_name": "R"}, "message_id": poem.message_id, "date": 0}
    reader = {"id": 1, "is_bot": False, "first_name": "R"}
    for number, act in enumerate(("r:1:+", "p:1:star", "p:1:again", "p:1:scan")):
        query = {"id": "1", "from": reader, "chat_instance": "1", "data": act, "message": place}
        update = Update.de_json({"update_id": number + 1, "callback_query": query}, bot.application.bot)
        await bot.application.process_update(update)
    assert _texts(poem)[0] == ["👍 1", "👎", "★"]
    assert [row.asked_prefix for row in bot.rows(Poem)] == ["月", "月"]
    assert len(bot.answers) == 3


async def test_buttons_outlive_a_restart(start: "Start", real_poet: Poet) -> None:
    async with start(real_poet) as bot:
        poem = await bot.answer_to("/poem 月 五絕")
        await bot.press_data(poem, _button(poem, "New line"))
    async with start(real_poet) as bot:
        line = _texts(poem)[0][0]
        anew = await _answer_to_press(bot, poem, line)
        assert anew.text.startswith("月")
        assert anew.text.split("，")[0] != line
