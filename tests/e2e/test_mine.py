"""/mine and /favourites: a reader's own poems, page by page."""

from functools import partial
from typing import TYPE_CHECKING

from bot.localchat import Message
from bot.storage.keeping import toggle_favourite
from bot.storage.models import Poem
from bot.view.messages import say_for

if TYPE_CHECKING:
    from tests.e2e.conftest import Running

SAY = say_for("en")
BEGINNINGS = "天地玄黃宇宙洪荒日月盈昃"


def _beginnings(page: Message) -> str:
    """The first characters of the poems on a page."""
    return "".join(line.split(". ")[1][0] for line in page.text.split("\n")[2:])


def _data(page: Message, text: str) -> str:
    [data] = [button.callback_data for row in page.keyboard for button in row if button.text == text]
    return data or ""


async def test_a_reader_pages_through_their_poems_and_opens_one(bot: "Running") -> None:
    assert (await bot.answer_to("/mine")).text == SAY("shelf-mine-none")
    for beginning in BEGINNINGS:
        await bot.answer_to(f"/poem {beginning}")
    bot.telegram.user_sends("/poem 他", 2)
    await bot.at_rest()
    page = await bot.answer_to("/mine")
    assert _beginnings(page) == BEGINNINGS[:-6:-1]
    assert [button.text for button in page.keyboard[1]] == ["▶"]
    await bot.press_data(page, _data(page, "▶"))
    await bot.press_data(page, _data(page, "▶"))
    assert _beginnings(page) == "地天"
    assert [button.text for button in page.keyboard[1]] == ["◀"]
    await bot.press_data(page, _data(page, "◀"))
    assert _beginnings(page) == BEGINNINGS[2:7][::-1]
    await bot.press_data(page, _data(page, "3"))
    assert bot.answers[-1].text.startswith(BEGINNINGS[4])
    [others] = [poem.id for poem in bot.rows(Poem) if poem.user_id == 2]
    assert await bot.press_data(page, f"k:open:{others}") == SAY.plain("rate-poem-gone")


async def test_favourites_of_a_group_open_in_the_private_chat(bot: "Running") -> None:
    bot.chat_id = -1001
    await bot.answer_to("/poem 雲", user_id=2)
    [poem] = bot.rows(Poem)
    bot.chat_id = 1
    assert (await bot.answer_to("/favourites")).text == SAY("shelf-favourites-none")
    bot.database.transact(partial(toggle_favourite, user_id=1, poem_id=poem.id))
    page = await bot.answer_to("/favourites")
    assert _beginnings(page) == "雲"
    await bot.press_data(page, _data(page, "1"))
    assert bot.answers[-1].text.startswith("雲")
    assert await bot.press_data(bot.answers[-1], f"r:{poem.id}:+") == SAY.plain("rate-up")
