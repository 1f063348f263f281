"""What a Bot API request carries, read the way the real server reads it: every value may arrive as a string."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from bot.localchat.chats import Reply
from bot.localchat.errors import bad_request
from bot.localchat.formatting import CAPTION, MESSAGE, Entity, FormattedText, TextKind, from_html, plain
from bot.localchat.keyboards import inline_keyboard, reply_request
from bot.localchat.media import Upload
from bot.localchat.updates import Json

_NO_FILES: Mapping[str, Upload] = MappingProxyType({})


class Parameters:
    """Typed access to one request's parameters; raises `ApiError` 400 for a value that cannot be meant."""

    def __init__(self, values: Mapping[str, Any], files: Mapping[str, Upload] = _NO_FILES) -> None:
        self.values = values
        self.files = files

    def string(self, name: str) -> str:
        """The value as text, "" when absent."""
        value = self.values.get(name, "")
        return value if isinstance(value, str) else json.dumps(value)

    def integer(self, name: str, default: int = 0) -> int:
        """The value as an integer; what is no number counts as absent, as on the real server."""
        try:
            return int(self.values.get(name, default))
        except (TypeError, ValueError, OverflowError):
            return default

    def flag(self, name: str) -> bool:
        return self.string(name).lower() in {"true", "yes", "1"}

    def json(self, name: str, complaint: str) -> Any:
        """The value read as JSON unless it arrived so; None when absent. `complaint` describes a failure."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            raise bad_request(complaint) from None

    def object(self, name: str, complaint: str) -> "Parameters | None":
        """The JSON object given under this name, its files among ours; None when absent."""
        value = self.json(name, complaint)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise bad_request(complaint)
        return Parameters(value, self.files)

    @property
    def chat_id(self) -> int:
        return self.chat("chat_id")

    def chat(self, name: str) -> int:
        """The id of a chat given under this name."""
        if not self.string(name):
            raise bad_request(f"{name} is empty")
        chat_id = self.integer(name)
        if chat_id == 0:
            raise bad_request("chat not found")
        return chat_id

    @property
    def message_id(self) -> int:
        message_id = self.integer("message_id")
        if message_id <= 0:
            raise bad_request("message identifier is not specified")
        return message_id

    def text(self, name: str = "text") -> FormattedText:
        """`text` with `parse_mode` or `entities` applied."""
        return self._formatted(name, "entities", MESSAGE)

    def caption(self) -> FormattedText:
        """`caption` with `parse_mode` or `caption_entities` applied; it may be empty."""
        return self._formatted("caption", "caption_entities", CAPTION)

    def inline_keyboard(self) -> Json | None:
        """`reply_markup` when it is an inline keyboard; other markups belong to no message."""
        markup = self._reply_markup()
        return None if markup is None else inline_keyboard(markup)

    def reply_request(self) -> Json | None:
        """`reply_markup` when it is a ForceReply."""
        markup = self._reply_markup()
        return None if markup is None else reply_request(markup)

    def reply(self) -> Reply | None:
        """The message replied to."""
        given = self.object("reply_parameters", "can't parse reply parameters JSON object")
        if given is not None:
            return Reply(given.message_id, given.flag("allow_sending_without_reply"))
        message_id = self.integer("reply_to_message_id")
        return Reply(message_id, self.flag("allow_sending_without_reply")) if message_id else None

    def file(self, name: str) -> Upload | str | None:
        """A file: what was uploaded under this name or attached to it, or else a file_id or an address."""
        value = self.string(name)
        if value.startswith("attach://"):
            return self.files.get(value.removeprefix("attach://"))
        return self.files.get(name) or value or None

    def _reply_markup(self) -> Json | None:
        markup = self.json("reply_markup", "object expected as reply markup")
        if markup is not None and not isinstance(markup, dict):
            raise bad_request("object expected as reply markup")
        return markup

    def _formatted(self, name: str, entities_name: str, kind: TextKind) -> FormattedText:
        mode = self.string("parse_mode").lower()
        if mode == "html":
            return from_html(self.string(name), kind)
        if mode:
            raise bad_request("unsupported parse_mode")
        listed = self.json(entities_name, "can't parse entities: expected an Array") or []
        try:
            entities = [
                Entity(item["type"], int(item["offset"]), int(item["length"]), item.get("url"), item.get("language"))
                for item in listed
            ]
        except (TypeError, KeyError, ValueError, AttributeError):
            raise bad_request("can't parse entities: can't parse MessageEntity") from None
        return plain(self.string(name), entities, kind)
