"""Who the bot is: its name, its descriptions, its commands."""

from typing import Any

from bot.localchat.chats import ChatState
from bot.localchat.commands import Scope
from bot.localchat.errors import bad_request
from bot.localchat.formatting import clean
from bot.localchat.parameters import Parameters
from bot.localchat.updates import Json

COMMANDS_LIMIT = 100

_PLAIN_SCOPES = {"default", "all_private_chats", "all_group_chats", "all_chat_administrators"}
_CHAT_SCOPES = {"chat", "chat_administrators", "chat_member"}


def get_me(state: ChatState, _: Parameters) -> Json:
    return state.bot.json() | {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": True,
    }


def set_my_commands(state: ChatState, given: Parameters) -> bool:
    listed = given.json("commands", "can't parse commands: expected an Array")
    if not isinstance(listed, list) or not all(_is_command(item) for item in listed):
        raise bad_request("can't parse commands: expected an Array of BotCommand")
    if len(listed) > COMMANDS_LIMIT:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    commands = [{"command": item["command"].lstrip("/"), "description": item["description"]} for item in listed]
    state.set_commands(commands, _scope(state, given), given.string("language_code"))
    return True


def get_my_commands(state: ChatState, given: Parameters) -> list[Json]:
    return state.commands.get(_scope(state, given), given.string("language_code"))


def delete_my_commands(state: ChatState, given: Parameters) -> bool:
    state.set_commands([], _scope(state, given), given.string("language_code"))
    return True


def set_my_description(state: ChatState, given: Parameters) -> bool:
    return _set_text(state, given, "description", 512)


def get_my_description(state: ChatState, given: Parameters) -> Json:
    return _get_text(state, given, "description")


def set_my_short_description(state: ChatState, given: Parameters) -> bool:
    return _set_text(state, given, "short_description", 120)


def get_my_short_description(state: ChatState, given: Parameters) -> Json:
    return _get_text(state, given, "short_description")


def _set_text(state: ChatState, given: Parameters, name: str, limit: int) -> bool:
    text = clean(given.string(name))
    if len(text) > limit:
        raise bad_request(f"{name.replace('_', ' ')} is too long")
    state.texts[name, given.string("language_code")] = text
    return True


def _get_text(state: ChatState, given: Parameters, name: str) -> Json:
    return {name: state.texts.get((name, given.string("language_code")), "")}


def _is_command(item: Any) -> bool:
    return isinstance(item, dict) and all(isinstance(item.get(key), str) for key in ("command", "description"))


def _scope(state: ChatState, given: Parameters) -> Scope:
    scope = given.object("scope", "can't parse BotCommandScope")
    if scope is None:
        return Scope()
    kind = scope.string("type")
    if kind in _PLAIN_SCOPES:
        return Scope(kind)
    if kind not in _CHAT_SCOPES:
        raise bad_request("can't parse BotCommandScope: unsupported type specified")
    chat = state.chat(scope.chat_id)
    if chat.is_private and kind != "chat":
        raise bad_request(f"can't use {kind} scope in private chats")
    user_id = scope.integer("user_id") if kind == "chat_member" else None
    if user_id is not None and user_id not in state.users:
        raise bad_request("user not found")
    return Scope(kind, chat.id, user_id)
