"""The Bot API's checks, seen through python-telegram-bot."""

from typing import Any

import httpx
import pytest
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllPrivateChats,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    MessageEntity,
    ReplyKeyboardMarkup,
)
from telegram.constants import ParseMode
from telegram.error import BadRequest, InvalidToken

from bot.localchat import LocalTelegram

NOT_MODIFIED = (
    "Message is not modified: specified new message content and reply markup "
    "are exactly the same as a current content and reply markup of the message"
)
TOO_OLD = "Query is too old and response timeout expired or query id is invalid"
KEYBOARD = InlineKeyboardMarkup.from_button(InlineKeyboardButton("👍", callback_data="like"))


async def test_the_bot_is_who_its_token_says(api: Bot, local_telegram: LocalTelegram) -> None:
    me = await api.get_me()
    assert (me.is_bot, me.username, str(me.id)) == (True, "yuexia_bot", local_telegram.token.partition(":")[0])


async def test_a_message_arrives_with_its_formatting_and_keyboard(api: Bot, local_telegram: LocalTelegram) -> None:
    sent = await api.send_message(1, "<b>月</b>下", parse_mode=ParseMode.HTML, reply_markup=KEYBOARD)
    assert (sent.text, sent.chat_id, sent.reply_markup) == ("月下", 1, KEYBOARD)
    assert [(entity.type, entity.offset, entity.length) for entity in sent.entities] == [("bold", 0, 1)]
    kept = local_telegram.messages()[-1]
    assert (kept.text, kept.from_bot, kept.keyboard[0][0].callback_data) == ("月下", True, "like")


async def test_a_reply_quotes_its_message(api: Bot) -> None:
    reply = await api.send_message(1, "yes?", reply_to_message_id=1)
    assert reply.reply_to_message is not None
    assert reply.reply_to_message.text == "hello"
    with pytest.raises(BadRequest, match="Message to be replied not found"):
        await api.send_message(1, "yes?", reply_to_message_id=99)
    assert (await api.send_message(1, "yes?", reply_to_message_id=99, allow_sending_without_reply=True)).text == "yes?"


async def test_entities_may_be_given_instead_of_markup(api: Bot) -> None:
    sent = await api.send_message(1, "月下", entities=[MessageEntity("italic", 1, 1)])
    assert [(entity.type, entity.offset) for entity in sent.entities] == [("italic", 1)]


async def test_a_reply_keyboard_is_accepted_and_belongs_to_no_message(api: Bot) -> None:
    assert (await api.send_message(1, "choose", reply_markup=ReplyKeyboardMarkup([["月"]]))).reply_markup is None


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"chat_id": 404}, "Chat not found"),
        ({"chat_id": "@nobody"}, "Chat not found"),
        ({"text": ""}, "Message text is empty"),
        ({"text": " \n "}, "Text must be non-empty"),
        ({"text": "月" * 4097}, "Message is too long"),
        ({"text": "<b>月", "parse_mode": "HTML"}, "Can't parse entities: can't find end tag"),
        ({"text": "x", "parse_mode": "BBCode"}, "Unsupported parse_mode"),
    ],
)
async def test_bad_messages_are_refused(api: Bot, given: dict[str, Any], complaint: str) -> None:
    message: dict[str, Any] = {"chat_id": 1, "text": "x"} | given
    with pytest.raises(BadRequest, match=f"(?i)^{complaint}"):
        await api.send_message(**message)


async def test_the_longest_message_passes(api: Bot) -> None:
    assert (await api.send_message(1, "月" * 4096)).text == "月" * 4096


async def test_callback_data_is_limited_in_bytes(api: Bot) -> None:
    # python-telegram-bot checks the characters; 22 hanzi are 66 bytes, which only the server notices.
    fits, too_long = ("月" * 21 + "x", "月" * 22)
    assert len(fits.encode()) == 64
    await api.send_message(1, "x", reply_markup=_button(fits))
    with pytest.raises(BadRequest, match=r"(?i)button_data_invalid"):
        await api.send_message(1, "x", reply_markup=_button(too_long))


async def test_a_button_must_do_something(api: Bot) -> None:
    with pytest.raises(BadRequest, match=r"(?i)text buttons are unallowed in the inline keyboard"):
        await api.send_message(1, "x", reply_markup=InlineKeyboardMarkup([[InlineKeyboardButton("👍")]]))


@pytest.mark.parametrize(
    ("button", "complaint"),
    [
        ({"url": "javascript:alert(1)"}, "inline keyboard button url '.*' is invalid: unsupported url protocol"),
        ({"url": "http://localhost/"}, "inline keyboard button url '.*' is invalid: wrong http url"),
        ({"url": "https://[broken/"}, "inline keyboard button url '.*' is invalid"),
        ({"copy_text": CopyTextButton("月" * 257)}, "button_copy_text_invalid"),
    ],
)
async def test_links_and_texts_to_copy_are_checked(api: Bot, button: dict[str, Any], complaint: str) -> None:
    with pytest.raises(BadRequest, match=f"(?i){complaint}"):
        await api.send_message(
            1, "x", reply_markup=InlineKeyboardMarkup.from_button(InlineKeyboardButton("x", **button))
        )


async def test_an_edit_replaces_text_and_keyboard_and_is_remembered(api: Bot, local_telegram: LocalTelegram) -> None:
    sent = await api.send_message(1, "before", reply_markup=KEYBOARD)
    edited = await api.edit_message_text("after", 1, sent.message_id)
    assert not isinstance(edited, bool)
    assert (edited.text, edited.reply_markup, edited.edit_date is not None) == ("after", None, True)
    message = local_telegram.messages()[-1]
    assert [(edit.text, edit.reply_markup is not None) for edit in message.edits] == [("before", True)]


async def test_a_keyboard_is_edited_alone(api: Bot, local_telegram: LocalTelegram) -> None:
    sent = await api.send_message(1, "<b>月</b>", parse_mode="HTML", reply_markup=KEYBOARD)
    await api.edit_message_reply_markup(1, sent.message_id)
    message = local_telegram.messages()[-1]
    assert (message.text, len(message.entities), message.keyboard) == ("月", 1, ())


async def test_an_edit_that_changes_nothing_is_refused(api: Bot) -> None:
    sent = await api.send_message(1, "same", reply_markup=KEYBOARD)
    with pytest.raises(BadRequest) as text_refused:
        await api.edit_message_text("same", 1, sent.message_id, reply_markup=KEYBOARD)
    with pytest.raises(BadRequest) as markup_refused:
        await api.edit_message_reply_markup(1, sent.message_id, reply_markup=KEYBOARD)
    assert [text_refused.value.message, markup_refused.value.message] == [NOT_MODIFIED, NOT_MODIFIED]


async def test_only_the_bots_own_messages_can_be_edited(api: Bot) -> None:
    with pytest.raises(BadRequest, match="Message can't be edited"):
        await api.edit_message_text("x", 1, 1)
    with pytest.raises(BadRequest, match="Message to edit not found"):
        await api.edit_message_text("x", 1, 99)
    with pytest.raises(BadRequest, match="Message identifier is not specified"):
        await api.edit_message_text("x", 1, 0)


async def test_a_deleted_message_is_gone(api: Bot, local_telegram: LocalTelegram) -> None:
    assert await api.delete_message(1, 1)
    assert local_telegram.messages() == []
    with pytest.raises(BadRequest, match="Message to delete not found"):
        await api.delete_message(1, 1)


async def test_a_press_is_answered_once_and_in_time() -> None:
    now = [1_700_000_000.0]
    server = LocalTelegram(clock=lambda: now[0])
    async with server.running(), Bot(server.token, base_url=server.base_url) as api:
        server.user_sends("hello")
        sent = await api.send_message(1, "x", reply_markup=KEYBOARD)
        for _ in range(2):
            server.user_presses(sent.message_id, "like")
        first, second = (update.callback_query for update in (await api.get_updates())[1:])
        assert first is not None
        assert second is not None
        assert (first.data, first.from_user.first_name) == ("like", "Reader")
        assert await first.answer("thank you")
        with pytest.raises(BadRequest, match=f"(?i)^{TOO_OLD}$"):
            await first.answer("again")
        now[0] += 3600
        with pytest.raises(BadRequest, match=f"(?i)^{TOO_OLD}$"):
            await second.answer("too late")
        with pytest.raises(BadRequest, match=f"(?i)^{TOO_OLD}$"):
            await api.answer_callback_query("made up")


async def test_commands_are_kept_by_scope_and_language(api: Bot) -> None:
    await api.set_my_commands([BotCommand("poem", "a poem")])
    await api.set_my_commands([BotCommand("poem", "寫詩")], BotCommandScopeAllPrivateChats(), "zh")
    assert [command.description for command in await api.get_my_commands()] == ["a poem"]
    scoped = await api.get_my_commands(BotCommandScopeAllPrivateChats(), "zh")
    assert [command.description for command in scoped] == ["寫詩"]
    assert await api.delete_my_commands()
    assert await api.get_my_commands() == ()
    with pytest.raises(BadRequest, match=r"(?i)bot_command_invalid"):
        await api.set_my_commands([BotCommand("Poem!", "a poem")])


async def test_the_bot_describes_itself(api: Bot) -> None:
    assert await api.set_my_description("寫詩", "zh")
    assert await api.set_my_short_description("a poet")
    assert (await api.get_my_description("zh")).description == "寫詩"
    assert (await api.get_my_description()).description == ""
    assert (await api.get_my_short_description()).short_description == "a poet"
    with pytest.raises(BadRequest, match=r"(?i)short description is too long"):
        await api.set_my_short_description("月" * 121)


async def test_chat_actions_are_checked(api: Bot) -> None:
    assert await api.send_chat_action(1, "typing")
    with pytest.raises(BadRequest, match="Wrong parameter action in request"):
        await api.send_chat_action(1, "dancing")


async def test_webhook_methods_fit_a_bot_that_polls(api: Bot) -> None:
    info = await api.get_webhook_info()
    assert (info.url, info.pending_update_count) == ("", 1)
    assert await api.delete_webhook(drop_pending_updates=True)
    assert (await api.get_webhook_info()).pending_update_count == 0


async def test_tokens_methods_and_paths_are_checked(local_telegram: LocalTelegram) -> None:
    with pytest.raises(InvalidToken):
        async with Bot("1:wrong", base_url=local_telegram.base_url):
            pass
    async with httpx.AsyncClient() as client:
        wrong = await client.get(f"{local_telegram.base_url}1:wrong/getMe")
        unknown = await client.get(f"{local_telegram.base_url}{local_telegram.token}/danceForMe")
        elsewhere = await client.get(f"{local_telegram.page_url}nowhere")
    assert (wrong.status_code, wrong.json()) == (401, {"ok": False, "error_code": 401, "description": "Unauthorized"})
    for answer in (unknown, elsewhere):
        assert (answer.status_code, answer.json()["description"]) == (404, "Not Found")


@pytest.mark.parametrize(
    "how",
    [
        {"method": "GET", "params": {"chat_id": 1, "text": "月"}},
        {"method": "POST", "data": {"chat_id": 1, "text": "月"}},
        {"method": "POST", "json": {"chat_id": 1, "text": "月"}},
        {"method": "POST", "data": {"chat_id": "1", "text": "月"}, "files": {"unused": b"\x00\xff"}},
    ],
    ids=["query", "form", "json", "multipart"],
)
async def test_all_encodings_and_cases_are_understood(local_telegram: LocalTelegram, how: dict[str, Any]) -> None:
    local_telegram.user_sends("hello")
    async with httpx.AsyncClient() as client:
        answer = await client.request(url=f"{local_telegram.base_url}{local_telegram.token}/SENDmessage", **how)
    assert answer.json()["result"]["text"] == "月"
    assert [call.method for call in local_telegram.calls] == ["sendMessage"]


@pytest.mark.parametrize(
    "body", [b"{", b"[1]", b'{"chat_id": [], "text": {"a": 1}}', b'{"chat_id": 1e999}', b"[" * 100_000]
)
async def test_nonsense_is_a_bad_request(local_telegram: LocalTelegram, body: bytes) -> None:
    url = f"{local_telegram.base_url}{local_telegram.token}/sendMessage"
    async with httpx.AsyncClient() as client:
        answer = await client.post(url, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400


async def test_a_body_that_is_too_large_is_not_read(local_telegram: LocalTelegram) -> None:
    url = f"{local_telegram.base_url}{local_telegram.token}/sendMessage"
    async with httpx.AsyncClient() as client:
        answer = await client.post(url, data={"text": "x" * (1 << 20)})
    assert answer.status_code == 413


def _button(data: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup.from_button(InlineKeyboardButton("👍", callback_data=data))
