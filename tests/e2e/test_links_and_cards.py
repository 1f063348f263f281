"""What leaves the chat: links to poems, and their cards."""

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from sqlalchemy import update

import bot.application as wiring
from bot.composing import Composes
from bot.errors import CardError
from bot.localchat import Message
from bot.storage.models import CardPicture, Poem, Rating
from bot.view.language import Language
from bot.view.messages import say_in

if TYPE_CHECKING:
    from tests.e2e.conftest import Running, Start

ENGLISH, HANS = say_in(Language.ENGLISH), say_in(Language.HANS)


async def _press(bot: "Running", message: Message, act: str, user_id: int = 1) -> str:
    data = (message.keyboard[0][0].callback_data or "").replace("r:", "p:").replace("+", act)
    return await bot.press_data(message, data, user_id)


async def test_a_link_leads_others_to_the_poem_and_their_ratings_count(bot: "Running") -> None:
    poem = await bot.answer_to("/poem 月 《贈友》")
    await bot.at_rest()
    [row] = bot.rows(Poem)
    link = f"https://t.me/yuexia_bot?start=p_{row.id}"
    bot.chat_id = 2
    # Ids can be guessed: nobody reads what was written for somebody else.
    assert (await bot.answer_to(f"/start p_{row.id}", user_id=2)).text == ENGLISH.plain("poem-no-such-link")

    bot.chat_id = 1
    await _press(bot, poem, "share")
    shared = bot.answers[-1]
    assert shared.text.startswith("贈友\n\n月")
    assert shared.text.endswith(link)
    assert [button.url for row in shared.keyboard for button in row] == [
        f"https://t.me/share/url?url={quote(link, safe='')}"
    ]

    bot.chat_id = 2
    bot.telegram.user(2, language_code="zh-hans")
    opened = await bot.answer_to(f"/start p_{row.id}", user_id=2)
    assert opened.text.startswith("赠友\n\n月")
    assert await bot.press(opened, 0, user_id=2) == HANS.plain("rate-up")
    await _press(bot, opened, "again", user_id=2)
    assert [(rating.poem_id, rating.user_id) for rating in bot.rows(Rating)] == [(row.id, 2)]
    assert [(each.user_id, each.chat_id) for each in bot.rows(Poem)] == [(1, 1), (2, 2)]
    # Its buttons stay good when it is opened again, and show what was pressed.
    again = await bot.answer_to(f"/start p_{row.id}", user_id=2)
    assert bot.buttons(again) == ["👍 1", "👎"]


async def test_readers_open_their_own_poems_anywhere(bot: "Running") -> None:
    poem = await bot.answer_to("/poem 月")
    await bot.at_rest()
    [row] = bot.rows(Poem)
    bot.chat_id = -1001
    opened = await bot.answer_to(f"/start@yuexia_bot p_{row.id}", user_id=1)
    assert opened.text == poem.text
    assert await bot.press(opened, 1, user_id=12) == ENGLISH.plain("rate-down")


async def test_links_to_nothing_get_a_friendly_line(bot: "Running") -> None:
    for words in ("p_0", "p_999999", "p_", "p_-1", "p_1;DROP", "p_" + "9" * 40, "p_１", "p_<b>"):
        assert (await bot.answer_to(f"/start {words}")).text == ENGLISH.plain("poem-no-such-link")
    assert (await bot.answer_to("/start hello")).text == re.sub("</?b>", "", ENGLISH.plain("talk-start"))


async def test_a_card_is_drawn_once_and_sent_again_by_its_id(bot: "Running") -> None:
    if wiring.font_for(None) is None:
        pytest.skip("no font with Chinese characters here")
    poem = await bot.answer_to("/poem 月")
    await _press(bot, poem, "cards")
    texts = [button.text for row in poem.keyboard for button in row]
    assert texts == [ENGLISH.plain(f"poem-{key}") for key in ("paper-light", "paper-dark", "back")]
    for paper in ("card:light", "card:light", "card:dark"):
        await _press_card(bot, poem, paper)
    cards = bot.answers[-3:]
    assert all(card.media and card.media.pixels[0] > 1000 for card in cards)
    assert cards[0].media is cards[1].media
    assert cards[2].media is not cards[0].media
    assert {(row.paper, row.script) for row in bot.rows(CardPicture)} == {("light", "hant"), ("dark", "hant")}
    assert bot.buttons(poem) == ["👍", "👎"]
    # Another bot's pictures are of no use to this one: it draws its own.
    bot.database.transact(lambda session: session.execute(update(CardPicture).values(file_id="x")))
    await _press_card(bot, poem, "card:dark")
    assert bot.answers[-1].media
    assert "x" not in {row.file_id for row in bot.rows(CardPicture) if row.paper == "dark"}


async def test_a_simplified_title_stands_in_traditional_script_above_a_traditional_poem(
    start: "Start", plain_poet: Composes, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str | None] = []

    def draw(_: str, *, title: str | None, **__: object) -> bytes:
        drawn.append(title)
        raise CardError("It is seen already.")

    monkeypatch.setattr("bot.handlers.card.card", draw)
    monkeypatch.setattr(wiring, "font_for", lambda _: object())
    async with start(plain_poet) as running:
        poem = await running.answer_to("/title 中秋怀友")
        assert poem.text.startswith("中秋懷友\n\n山")
        assert "1. 《中秋懷友》山" in (await running.answer_to("/mine")).text
        await _press_card(running, poem, "card:dark")
    assert drawn == ["中秋懷友"]


async def _press_card(bot: "Running", poem: Message, act: str) -> None:
    poem_id = bot.rows(Poem)[0].id
    for pressed in ("cards", act):
        await bot.press_data(poem, f"p:{poem_id}:{pressed}")


async def test_without_a_font_there_is_no_card(
    start: "Start", plain_poet: Composes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "font_for", lambda _: None)
    async with start(plain_poet) as running:
        poem = await running.answer_to("/poem 月")
        assert [button.text for button in poem.keyboard[2]] == [
            ENGLISH.plain(f"poem-{act}") for act in ("scan", "share")
        ]
        await _press_card(running, poem, "card:dark")
        assert running.answers[-1].text == ENGLISH.plain("poem-no-font")
