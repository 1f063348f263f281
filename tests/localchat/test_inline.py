"""Inline mode: asking, offering, choosing, and editing what was chosen."""

import pytest
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResult,
    InlineQueryResultArticle,
    InlineQueryResultCachedPhoto,
    InlineQueryResultsButton,
    InputMediaPhoto,
    InputTextMessageContent,
    Update,
)
from telegram.error import BadRequest

from bot.localchat import LocalChatError, LocalTelegram
from tests.localchat.test_media import picture

KEYBOARD = InlineKeyboardMarkup.from_button(InlineKeyboardButton("👍", callback_data="like"))
TOO_OLD = "(?i)query is too old and response timeout expired or query id is invalid"


def article(result_id: str, keyboard: InlineKeyboardMarkup | None = KEYBOARD) -> InlineQueryResultArticle:
    content = InputTextMessageContent(f"<b>{result_id}</b>", parse_mode="HTML")
    return InlineQueryResultArticle(result_id, f"poem {result_id}", content, keyboard, description="月")


async def last_update(api: Bot) -> Update:
    return (await api.get_updates())[-1]


async def test_a_result_is_offered_chosen_pressed_and_edited(api: Bot, local_telegram: LocalTelegram) -> None:
    assert (await api.get_me()).supports_inline_queries
    asked = local_telegram.user_asks_inline("月", user_id=7)
    query = (await last_update(api)).inline_query
    assert query is not None
    assert (query.id, query.query, query.from_user.id, query.offset) == (asked, "月", 7, "")
    assert local_telegram.inline_answer(asked) is None
    button = InlineQueryResultsButton("more", start_parameter="more")
    assert await query.answer([article("a"), article("b")], cache_time=0, next_offset="2", button=button)
    answer = local_telegram.inline_answer(asked)
    assert answer is not None
    assert [(result.id, result.title, result.description) for result in answer.results] == [
        ("a", "poem a", "月"),
        ("b", "poem b", "月"),
    ]
    assert (answer.next_offset, answer.button) == ("2", {"text": "more", "start_parameter": "more"})

    message = local_telegram.user_chooses(asked, "b", chat_id=-1001)
    sent, chosen = (await api.get_updates())[-2:]
    assert sent.message is not None
    assert sent.message.via_bot is not None
    assert (sent.message.text, sent.message.chat_id, sent.message.via_bot.id) == ("b", -1001, local_telegram.bot_id)
    assert chosen.chosen_inline_result is not None
    inline_id = chosen.chosen_inline_result.inline_message_id
    assert (chosen.chosen_inline_result.result_id, chosen.chosen_inline_result.query) == ("b", "月")
    assert inline_id == message.inline_message_id

    local_telegram.user_presses(message.message_id, "like", user_id=8, chat_id=-1001)
    press = (await last_update(api)).callback_query
    assert press is not None
    assert (press.message, press.inline_message_id, press.data) == (None, inline_id, "like")
    assert await press.answer("thank you")
    assert await press.edit_message_text("edited") is True
    assert (message.text, message.keyboard) == ("edited", ())
    await api.edit_message_reply_markup(inline_message_id=inline_id, reply_markup=KEYBOARD)
    uploaded = await api.send_photo(1, picture())
    card = InputMediaPhoto(uploaded.photo[-1].file_id, caption="card")
    await api.edit_message_media(card, inline_message_id=inline_id)
    assert message.media is not None
    assert (message.text, message.media.content) == ("card", picture())
    with pytest.raises(BadRequest, match=r"(?i)message_id_invalid"):
        await api.edit_message_text("x", inline_message_id="made up")


async def test_a_cached_photo_is_a_result(api: Bot, local_telegram: LocalTelegram) -> None:
    uploaded = await api.send_photo(1, picture())
    asked = local_telegram.user_asks_inline("")
    photo = InlineQueryResultCachedPhoto("p", uploaded.photo[-1].file_id, caption="card")
    await api.answer_inline_query(asked, [photo])
    message = local_telegram.user_chooses(asked, "p")
    assert message.media is not None
    assert (message.media.content, message.text) == (picture(), "card")
    # Without a keyboard, a message that was sent through the bot is out of its reach.
    assert message.inline_message_id is None
    with pytest.raises(LocalChatError, match="no result 'q'"):
        local_telegram.user_chooses(asked, "q")


async def test_an_answer_comes_once_and_in_time() -> None:
    now = [1_700_000_000.0]
    server = LocalTelegram(clock=lambda: now[0])
    async with server.running(), Bot(server.token, base_url=server.base_url) as api:
        first = server.user_asks_inline("月")
        assert await api.answer_inline_query(first, [])
        with pytest.raises(BadRequest, match=TOO_OLD):
            await api.answer_inline_query(first, [])
        late = server.user_asks_inline("月")
        now[0] += 60
        with pytest.raises(BadRequest, match=TOO_OLD):
            await api.answer_inline_query(late, [])


@pytest.mark.parametrize(
    ("results", "complaint"),
    [
        ([article("a"), article("a")], "result_id_duplicate"),
        ([article(str(n)) for n in range(51)], "results_too_much"),
        ([InlineQueryResultCachedPhoto("p", "made up")], "wrong file identifier"),
        ([article("a", InlineKeyboardMarkup.from_button(InlineKeyboardButton("x")))], "can't parse inline keyboard"),
        ([InlineQueryResultArticle("a", "", InputTextMessageContent("x"))], "article_title_empty"),
        ([InlineQueryResultArticle("a", "x", InputTextMessageContent("月" * 4097))], "message is too long"),
    ],
    ids=["twice", "many", "file", "button", "title", "long"],
)
async def test_bad_results_are_refused(
    api: Bot, local_telegram: LocalTelegram, results: list[InlineQueryResult], complaint: str
) -> None:
    asked = local_telegram.user_asks_inline("月")
    with pytest.raises(BadRequest, match=f"(?i){complaint}"):
        await api.answer_inline_query(asked, results)
    assert local_telegram.inline_answer(asked) is None
