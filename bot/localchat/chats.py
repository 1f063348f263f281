"""The state of the local Telegram: users, chats, messages, button presses. No HTTP, no clock of its own."""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.localchat.errors import LocalChatError, bad_request
from bot.localchat.formatting import Entity, FormattedText, clean, plain
from bot.localchat.updates import Json, UpdateQueue

MESSAGES_KEPT = 1000
"""Messages kept a chat; the oldest go first."""

QUERY_LIFETIME = 900.0
"""Seconds in which a button press can be answered. The real server names no number; its bots see about this."""

_NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup "
    "are exactly the same as a current content and reply markup of the message"
)
_ACTIONS = {
    "typing",
    "choose_sticker",
    "find_location",
    *(f"record_{thing}" for thing in ("video", "voice", "video_note")),
    *(f"upload_{thing}" for thing in ("photo", "document", "video", "voice", "video_note")),
}


@dataclass(slots=True)
class User:
    """A reader, or the bot itself."""

    id: int
    first_name: str
    is_bot: bool = False
    username: str | None = None
    language_code: str | None = None

    def json(self) -> Json:
        fields: Json = {"id": self.id, "is_bot": self.is_bot, "first_name": self.first_name}
        optional = {"username": self.username, "language_code": self.language_code}
        return fields | {name: value for name, value in optional.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Button:
    """One inline button; other kinds than data and link have neither."""

    text: str
    callback_data: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """What a message said before it was edited."""

    text: str
    reply_markup: Json | None


@dataclass(slots=True)
class Message:
    """A message as it is now; `edits` holds its earlier versions, oldest first."""

    message_id: int
    chat: "Chat"
    sender: User
    date: int
    text: str
    entities: tuple[Entity, ...] = ()
    reply_markup: Json | None = None
    reply_to: "Message | None" = None
    edit_date: int | None = None
    edits: list[Edit] = field(default_factory=list)

    @property
    def from_bot(self) -> bool:
        return self.sender.is_bot

    @property
    def keyboard(self) -> tuple[tuple[Button, ...], ...]:
        """The rows of inline buttons; empty without a keyboard."""
        rows = (self.reply_markup or {}).get("inline_keyboard", [])
        return tuple(
            tuple(Button(cell["text"], cell.get("callback_data"), cell.get("url")) for cell in row) for row in rows
        )

    def json(self) -> Json:
        """The Bot API's Message object."""
        fields: Json = {
            "message_id": self.message_id,
            "date": self.date,
            "chat": self.chat.json(),
            "from": self.sender.json(),
            "text": self.text,
        }
        if self.entities:
            fields["entities"] = [entity.json() for entity in self.entities]
        if self.reply_markup is not None:
            fields["reply_markup"] = self.reply_markup
        if self.edit_date is not None:
            fields["edit_date"] = self.edit_date
        if self.reply_to is not None:
            # As on the real server, the quoted message does not itself quote another.
            fields["reply_to_message"] = {
                name: value for name, value in self.reply_to.json().items() if name != "reply_to_message"
            }
        return fields


@dataclass(slots=True)
class Chat:
    """A private chat (its id is the reader's) or a group (a negative id)."""

    id: int
    title: str
    messages: dict[int, Message] = field(default_factory=dict)
    last_id: int = 0

    @property
    def is_private(self) -> bool:
        return self.id > 0

    def json(self) -> Json:
        if self.is_private:
            return {"id": self.id, "type": "private", "first_name": self.title}
        return {"id": self.id, "type": "supergroup", "title": self.title}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that the page shows: `kind` is message, edit, delete, action, press, answer or commands."""

    kind: str
    chat_id: int | None
    content: Json


@dataclass(frozen=True, slots=True)
class _Query:
    chat_id: int
    user_id: int
    at: float


class ChatState:
    """Everything the server remembers. `observe` is called after each change that a reader can see."""

    def __init__(self, bot: User, clock: Callable[[], float], observe: Callable[[Event], None]) -> None:
        self.bot = bot
        self._clock = clock
        self._observe = observe
        self._users: dict[int, User] = {}
        self._chats: dict[int, Chat] = {}
        self._queries: dict[str, _Query] = {}
        self._commands: dict[tuple[str, str], list[Json]] = {}
        # Milliseconds since 1970: a server that starts again never repeats an id that a bot has stored.
        self.updates = UpdateQueue(first_id=int(clock() * 1000))

    # What readers do

    def user(self, user_id: int, first_name: str | None = None, language_code: str | None = None) -> User:
        """The reader with this id, made when new; names and language given replace the old ones."""
        user = self._users.get(user_id)
        if user is None:
            user = self._users[user_id] = User(user_id, "Reader" if user_id == 1 else f"Reader {user_id}")
        user.first_name = first_name or user.first_name
        user.language_code = language_code or user.language_code
        return user

    def user_sends(self, text: str, user_id: int = 1, chat_id: int | None = None) -> int:
        """A reader writes; returns the update's id. Raises `ApiError` for an empty or too long text."""
        user = self.user(user_id)
        message = self._append(self._chat_for(user, chat_id), user, plain(text))
        return self.updates.add("message", message.json())

    def user_presses(self, message_id: int, data: str, user_id: int = 1, chat_id: int | None = None) -> tuple[int, str]:
        """A reader presses a button with this callback data; returns the ids of the update and of the query.

        Raises `LocalChatError` if there is no such message.
        """
        user = self.user(user_id)
        chat = self._chat_for(user, chat_id)
        if message_id not in chat.messages:
            raise LocalChatError(f"There is no message {message_id} in chat {chat.id} whose button could be pressed.")
        self._forget_old_queries()
        query_id = str(uuid.uuid4().int >> 64)
        self._queries[query_id] = _Query(chat.id, user_id, self._clock())
        content = {
            "id": query_id,
            "from": user.json(),
            "message": chat.messages[message_id].json(),
            "chat_instance": str(chat.id),
            "data": clean(data),
        }
        update_id = self.updates.add("callback_query", content)
        self._observe(Event("press", chat.id, {"query_id": query_id, "message_id": message_id}))
        return update_id, query_id

    def messages(self, chat_id: int = 1) -> list[Message]:
        """The messages of a chat, oldest first; none for a chat that does not exist."""
        chat = self._chats.get(chat_id)
        return list(chat.messages.values()) if chat else []

    # What the bot does

    def send(
        self, chat_id: int, content: FormattedText, reply_markup: Json | None = None, reply_to: int | None = None
    ) -> Message:
        """The bot writes. Raises `ApiError` 400 when the chat or the message replied to does not exist."""
        chat = self._chat(chat_id)
        quoted = chat.messages.get(reply_to) if reply_to is not None else None
        if reply_to is not None and quoted is None:
            raise bad_request("message to be replied not found")
        return self._append(chat, self.bot, content, reply_markup, quoted)

    def edit(self, chat_id: int, message_id: int, content: FormattedText | None, reply_markup: Json | None) -> Message:
        """The bot changes text and keyboard, or the keyboard alone when `content` is None.

        Raises `ApiError` 400 when the message does not exist, is not the bot's, or would stay as it is.
        """
        message = self._chat(chat_id).messages.get(message_id)
        if message is None:
            raise bad_request("message to edit not found")
        if not message.from_bot:
            raise bad_request("message can't be edited")
        new = content or FormattedText(message.text, message.entities)
        if (new.text, new.entities, reply_markup) == (message.text, message.entities, message.reply_markup):
            raise bad_request(_NOT_MODIFIED)
        message.edits.append(Edit(message.text, message.reply_markup))
        message.text, message.entities, message.reply_markup = new.text, new.entities, reply_markup
        message.edit_date = int(self._clock())
        self._observe(Event("edit", chat_id, message.json()))
        return message

    def delete(self, chat_id: int, message_id: int) -> None:
        """The bot removes a message. Raises `ApiError` 400 when there is none."""
        if self._chat(chat_id).messages.pop(message_id, None) is None:
            raise bad_request("message to delete not found")
        self._observe(Event("delete", chat_id, {"message_id": message_id}))

    def act(self, chat_id: int, action: str) -> None:
        """The bot shows that it is typing or the like. Raises `ApiError` 400 for an unknown action."""
        self._chat(chat_id)
        if action not in _ACTIONS:
            raise bad_request("wrong parameter action in request")
        self._observe(Event("action", chat_id, {"action": action}))

    def answer(self, query_id: str, text: str, show_alert: bool) -> None:
        """The bot answers a button press, once. Raises `ApiError` 400 when too late, and for a text over 200."""
        self._forget_old_queries()
        if len(text) > 200:
            raise bad_request("MESSAGE_TOO_LONG")
        query = self._queries.pop(query_id, None)
        if query is None:
            raise bad_request("query is too old and response timeout expired or query ID is invalid")
        content = {"query_id": query_id, "user_id": query.user_id, "text": clean(text), "show_alert": show_alert}
        self._observe(Event("answer", query.chat_id, content))

    def set_commands(self, commands: list[Json], scope: str = "default", language: str = "") -> None:
        """Register the bot's commands for a scope and a language; an empty list removes them."""
        for command in commands:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", command["command"]):
                raise bad_request("BOT_COMMAND_INVALID")
            if not 1 <= len(command["description"]) <= 256:
                raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
        self._commands[scope, language] = commands
        self._observe(Event("commands", None, {}))

    def commands(self, scope: str = "default", language: str = "") -> list[Json]:
        """The commands registered for exactly this scope and language."""
        return self._commands.get((scope, language), [])

    def commands_for(self, user: User) -> list[Json]:
        """What a reader sees in a private chat: the narrowest scope wins, then the reader's language."""
        language = (user.language_code or "").partition("-")[0]
        choices = (self.commands(scope, code) for scope in ("all_private_chats", "default") for code in (language, ""))
        return next((commands for commands in choices if commands), [])

    # Inside

    def _chat(self, chat_id: int) -> Chat:
        if chat_id not in self._chats:
            raise bad_request("chat not found")
        return self._chats[chat_id]

    def _chat_for(self, user: User, chat_id: int | None) -> Chat:
        """The chat a reader acts in, made when new: bots cannot open chats, readers can."""
        chat_id = user.id if chat_id is None else chat_id
        if chat_id > 0 and chat_id != user.id:
            raise LocalChatError(f"Chat {chat_id} is private to user {chat_id}; user {user.id} cannot act in it.")
        if chat_id not in self._chats:
            self._chats[chat_id] = Chat(chat_id, user.first_name if chat_id > 0 else "Poets")
        return self._chats[chat_id]

    def _append(
        self,
        chat: Chat,
        sender: User,
        content: FormattedText,
        reply_markup: Json | None = None,
        reply_to: Message | None = None,
    ) -> Message:
        chat.last_id += 1
        now = int(self._clock())
        message = Message(chat.last_id, chat, sender, now, content.text, content.entities, reply_markup, reply_to)
        chat.messages[message.message_id] = message
        if len(chat.messages) > MESSAGES_KEPT:
            del chat.messages[next(iter(chat.messages))]
        self._observe(Event("message", chat.id, message.json()))
        return message

    def _forget_old_queries(self) -> None:
        oldest = self._clock() - QUERY_LIFETIME
        while self._queries and next(iter(self._queries.values())).at < oldest:
            del self._queries[next(iter(self._queries))]
