"""Users, chats and messages, and how the Bot API writes them down."""

from dataclasses import dataclass, field
from enum import StrEnum

from bot.localchat.formatting import Entity, FormattedText
from bot.localchat.media import Media
from bot.localchat.updates import Json


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
    """One inline button; kinds that have a field of their own here are those that a bot of ours uses."""

    text: str
    callback_data: str | None = None
    url: str | None = None
    switch_inline_query: str | None = None
    switch_inline_query_current_chat: str | None = None
    copy_text: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """What a message is to say."""

    content: FormattedText
    media: Media | None = None
    reply_markup: Json | None = None
    reply_request: Json | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """What a message said before it was edited."""

    text: str
    reply_markup: Json | None
    media: Media | None = None


@dataclass(slots=True)
class Message:
    """A message as it is now; `edits` holds its earlier versions, oldest first."""

    message_id: int
    chat: "Chat"
    sender: User
    date: int
    text: str
    """The text, or the caption below `media`."""
    entities: tuple[Entity, ...] = ()
    media: Media | None = None
    """The photo or document, with its bytes."""
    reply_markup: Json | None = None
    reply_request: Json | None = None
    """A ForceReply: it shows beside the box that the reader writes in, and is no part of the message."""
    reply_to: "Message | None" = None
    via_bot: User | None = None
    inline_message_id: str | None = None
    """What the bot edits a message by that a reader sent with inline mode; None for all others."""
    forwarded_from: User | None = None
    service: Json | None = None
    """What a service message tells, such as `{"migrate_to_chat_id": -1001}`."""
    edit_date: int | None = None
    edits: list[Edit] = field(default_factory=list)

    @property
    def from_bot(self) -> bool:
        return self.sender.is_bot

    @property
    def keyboard(self) -> tuple[tuple[Button, ...], ...]:
        """The rows of inline buttons; empty without a keyboard."""
        rows = (self.reply_markup or {}).get("inline_keyboard", [])
        return tuple(tuple(_button(cell) for cell in row) for row in rows)

    def json(self) -> Json:
        """The Bot API's Message object."""
        fields: Json = {
            "message_id": self.message_id,
            "date": self.date,
            "chat": self.chat.json(),
            "from": self.sender.json(),
        }
        fields |= self._content() if self.service is None else self.service
        optional = {"reply_markup": self.reply_markup, "edit_date": self.edit_date}
        fields |= {name: value for name, value in optional.items() if value is not None}
        if self.via_bot is not None:
            fields["via_bot"] = self.via_bot.json()
        if self.forwarded_from is not None:
            origin = {"type": "user", "sender_user": self.forwarded_from.json(), "date": self.date}
            fields["forward_origin"] = origin
        if self.reply_to is not None:
            # As on the real server, the quoted message does not itself quote another.
            fields["reply_to_message"] = {
                name: value for name, value in self.reply_to.json().items() if name != "reply_to_message"
            }
        return fields

    def shown(self) -> Json:
        """What the page shows: the Message, and the ForceReply that came with it."""
        return self.json() | ({} if self.reply_request is None else {"reply_request": self.reply_request})

    def _content(self) -> Json:
        entities = [entity.json() for entity in self.entities]
        if self.media is None:
            return {"text": self.text} | ({"entities": entities} if entities else {})
        caption: Json = {"caption": self.text} if self.text else {}
        return self.media.json() | caption | ({"caption_entities": entities} if entities else {})


class Membership(StrEnum):
    """What somebody is in a group, in the Bot API's words."""

    CREATOR = "creator"
    ADMINISTRATOR = "administrator"
    MEMBER = "member"
    LEFT = "left"
    KICKED = "kicked"

    @property
    def is_administrator(self) -> bool:
        return self in (Membership.CREATOR, Membership.ADMINISTRATOR)

    @property
    def is_inside(self) -> bool:
        return self not in (Membership.LEFT, Membership.KICKED)


@dataclass(slots=True)
class Chat:
    """A private chat (its id is the reader's) or a group (a negative id)."""

    id: int
    title: str
    kind: str = "private"
    """private, group or supergroup."""
    messages: dict[int, Message] = field(default_factory=dict)
    last_id: int = 0
    members: dict[int, Membership] = field(default_factory=dict)
    """Users of a group by their id, the bot among them."""
    migrated_to: int | None = None
    """The supergroup that a group has become."""

    @property
    def is_private(self) -> bool:
        return self.kind == "private"

    def json(self) -> Json:
        if self.is_private:
            return {"id": self.id, "type": "private", "first_name": self.title}
        return {"id": self.id, "type": self.kind, "title": self.title}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that the page shows: `kind` is message, edit, delete, action, press, answer, results or commands."""

    kind: str
    chat_id: int | None
    content: Json


def _button(cell: Json) -> Button:
    return Button(
        cell["text"],
        cell.get("callback_data"),
        cell.get("url"),
        cell.get("switch_inline_query"),
        cell.get("switch_inline_query_current_chat"),
        (cell.get("copy_text") or {}).get("text"),
    )
