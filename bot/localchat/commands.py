"""The commands that a bot registers: kept by scope and language, and chosen for a reader as Telegram does."""

import re
from dataclasses import dataclass

from bot.localchat.errors import bad_request
from bot.localchat.messages import Chat, User
from bot.localchat.updates import Json


@dataclass(frozen=True, slots=True)
class Scope:
    """A BotCommandScope: its type, and the chat and member where it names them."""

    type: str = "default"
    chat_id: int | None = None
    user_id: int | None = None


class Commands:
    """Lists of commands by scope and language."""

    def __init__(self) -> None:
        self._lists: dict[tuple[Scope, str], list[Json]] = {}

    def set(self, commands: list[Json], scope: Scope, language: str) -> None:
        """Register commands; an empty list removes them. Raises `ApiError` 400 for a bad name or description."""
        for command in commands:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", command["command"]):
                raise bad_request("BOT_COMMAND_INVALID")
            if not 1 <= len(command["description"]) <= 256:
                raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
        if language and not re.fullmatch(r"[a-z]{2}", language):
            raise bad_request("LANG_CODE_INVALID")
        self._lists[scope, language] = commands

    def get(self, scope: Scope, language: str) -> list[Json]:
        """The commands registered for exactly this scope and language."""
        return self._lists.get((scope, language), [])

    def seen_by(self, user: User, chat: Chat | None) -> list[Json]:
        """What a reader sees in a chat (None: in a private one): the narrowest scope wins, then their language."""
        language = (user.language_code or "").partition("-")[0]
        choices = (self.get(scope, code) for scope in _scopes(user, chat) for code in (language, ""))
        return next((commands for commands in choices if commands), [])


def _scopes(user: User, chat: Chat | None) -> list[Scope]:
    """From narrow to wide, as https://core.telegram.org/bots/api#determining-list-of-commands has it."""
    if chat is None or chat.is_private:
        return [Scope("chat", user.id), Scope("all_private_chats"), Scope()]
    standing = chat.members.get(user.id)
    administrator = standing is not None and standing.is_administrator
    narrow = [Scope("chat_member", chat.id, user.id)]
    narrow += [Scope("chat_administrators", chat.id)] * administrator
    wide = [Scope("all_chat_administrators")] * administrator
    return [*narrow, Scope("chat", chat.id), *wide, Scope("all_group_chats"), Scope()]
