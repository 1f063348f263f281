"""The Bot API's methods, each a function from state and parameters to its result.

getUpdates is not among them: it waits, so it lives at the HTTP edge (`api.py`).
"""

import json
from collections.abc import Callable
from typing import Any

from bot.localchat.chats import ChatState
from bot.localchat.errors import bad_request
from bot.localchat.parameters import Parameters
from bot.localchat.updates import Json

Method = Callable[[ChatState, Parameters], Any]


def get_me(state: ChatState, _: Parameters) -> Json:
    return state.bot.json() | {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
    }


def send_message(state: ChatState, given: Parameters) -> Json:
    return state.send(given.chat_id, given.content(), given.inline_keyboard(), given.reply_to()).json()


def edit_message_text(state: ChatState, given: Parameters) -> Json:
    return state.edit(given.chat_id, given.message_id, given.content(), given.inline_keyboard()).json()


def edit_message_reply_markup(state: ChatState, given: Parameters) -> Json:
    return state.edit(given.chat_id, given.message_id, None, given.inline_keyboard()).json()


def delete_message(state: ChatState, given: Parameters) -> bool:
    state.delete(given.chat_id, given.message_id)
    return True


def send_chat_action(state: ChatState, given: Parameters) -> bool:
    state.act(given.chat_id, given.string("action"))
    return True


def answer_callback_query(state: ChatState, given: Parameters) -> bool:
    state.answer(given.string("callback_query_id"), given.string("text"), given.flag("show_alert"))
    return True


def set_my_commands(state: ChatState, given: Parameters) -> bool:
    listed = given.json("commands", "can't parse commands: expected an Array")
    if not isinstance(listed, list) or not all(_is_command(item) for item in listed):
        raise bad_request("can't parse commands: expected an Array of BotCommand")
    if len(listed) > 100:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    commands = [{"command": item["command"].lstrip("/"), "description": item["description"]} for item in listed]
    state.set_commands(commands, _scope(given), given.string("language_code"))
    return True


def get_my_commands(state: ChatState, given: Parameters) -> list[Json]:
    return state.commands(_scope(given), given.string("language_code"))


def delete_my_commands(state: ChatState, given: Parameters) -> bool:
    state.set_commands([], _scope(given), given.string("language_code"))
    return True


def delete_webhook(state: ChatState, given: Parameters) -> bool:
    if given.flag("drop_pending_updates"):
        state.updates.clear()
    return True


def get_webhook_info(state: ChatState, _: Parameters) -> Json:
    return {"url": "", "has_custom_certificate": False, "pending_update_count": len(state.updates)}


def _is_command(item: Any) -> bool:
    return isinstance(item, dict) and all(isinstance(item.get(key), str) for key in ("command", "description"))


def _scope(given: Parameters) -> str:
    """One text for each BotCommandScope: its type, or all of it where more than the type counts."""
    scope = given.json("scope", "can't parse BotCommandScope")
    if not isinstance(scope, dict):
        return "default"
    return str(scope.get("type", "default")) if len(scope) == 1 else json.dumps(scope, sort_keys=True)


METHODS: dict[str, Method] = {
    "getMe": get_me,
    "sendMessage": send_message,
    "editMessageText": edit_message_text,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "deleteMessage": delete_message,
    "sendChatAction": send_chat_action,
    "answerCallbackQuery": answer_callback_query,
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
}
GET_UPDATES = "getUpdates"
NAMES = {name.lower(): name for name in (*METHODS, GET_UPDATES)}
"""The names as documented, by their lower-case form: the server does not mind the case."""
