"""Inline mode: poems while a reader types in any chat, and the one they send can be rated there."""

from typing import TYPE_CHECKING

import pytest

from bot.context import services_of
from bot.localchat import InlineAnswer, Message
from bot.storage.broadcasts import count_recipients
from bot.storage.models import Poem, Rating, User
from bot.view.messages import say_for
from poetcore.generation import Poet

if TYPE_CHECKING:
    from tests.e2e.conftest import Running

SAY = say_for("en")
GROUP = -1001


async def _asks(bot: "Running", words: str, user_id: int = 1) -> tuple[str, InlineAnswer]:
    query_id = bot.telegram.user_asks_inline(words, user_id)
    await bot.telegram.wait_until(lambda: bot.telegram.inline_answer(query_id) is not None, timeout=60)
    answer = bot.telegram.inline_answer(query_id)
    assert answer is not None
    return query_id, answer


async def _sends(bot: "Running", words: str, choice: int) -> Message:
    """Ask, choose, and send it into a group in which the bot is not."""
    query_id, answer = await _asks(bot, words)
    bot.telegram.make_group(GROUP, members=[1, 2], with_bot=False)
    message = bot.telegram.user_chooses(query_id, answer.results[choice].id, GROUP)
    await bot.at_rest()
    return message


async def test_a_chosen_poem_is_kept_and_rated_where_it_stands(real_bot: "Running") -> None:
    _, answer = await _asks(real_bot, "月 七绝")
    assert len({result.title for result in answer.results}) == 3
    assert all(result.title.startswith("月") and len(result.title) == 16 for result in answer.results)
    assert real_bot.rows(Poem) == []
    message = await _sends(real_bot, "月 七绝", 1)
    [poem] = real_bot.rows(Poem)
    assert (poem.user_id, poem.asked_prefix, poem.form) == (1, "月", "七絕")
    assert message.text.startswith(poem.text[:16])
    # Known from inline mode only: nobody is written to who never began a chat.
    assert real_bot.database.transact(count_recipients) == 0

    real_bot.chat_id = GROUP
    assert await real_bot.press(message, 0, user_id=2) == SAY.plain("rate-up")
    assert await real_bot.press(message, 1, user_id=1) == SAY.plain("rate-down")
    assert real_bot.buttons(message) == ["👍 1", "👎 1"]
    assert await real_bot.press(message, 0, user_id=2) == SAY.plain("rate-withdrawn")
    assert [(rating.user_id, rating.value) for rating in real_bot.rows(Rating)] == [(1, -1)]


async def test_nothing_typed_offers_poems_of_the_day(bot: "Running") -> None:
    message = await _sends(bot, " ", 2)
    [poem] = bot.rows(Poem)
    assert poem.asked_title
    assert message.text.startswith(poem.asked_title)


async def test_what_another_poet_would_write_otherwise_is_not_kept(bot: "Running", real_poet: Poet) -> None:
    query_id, answer = await _asks(bot, "月")
    services_of(bot.application).composer.swap(real_poet)
    message = bot.telegram.user_chooses(query_id, answer.results[0].id)
    await bot.at_rest()
    assert bot.rows(Poem) == []
    # Nothing is rated that nobody read.
    assert await bot.press(message, 0) == SAY.plain("rate-poem-gone")
    assert bot.rows(Rating) == []


@pytest.mark.parametrize("words", ["<b>hello</b>", "\x00 ?!", "月" * 61, "五絕 七絕"])
async def test_what_asks_for_no_poem_is_shown_the_way_to_help(bot: "Running", words: str) -> None:
    _, answer = await _asks(bot, words)
    assert answer.results == ()
    assert answer.button == {"text": SAY.plain("inline-hint"), "start_parameter": "inline"}


async def test_who_types_on_is_answered_once(bot: "Running") -> None:
    queries = [bot.telegram.user_asks_inline("月下獨酌"[:length]) for length in (1, 2, 3, 4)]
    await bot.telegram.wait_until(lambda: bot.telegram.inline_answer(queries[-1]) is not None)
    await bot.at_rest()
    # The first may have been taken in hand before the next was typed.
    assert [bot.telegram.inline_answer(query) for query in queries[1:3]] == [None, None]
    assert len(bot.rows(User)) == 1
