"""What a Bot API request carries, read the way the real server reads it: every value may arrive as a string."""

import json
from collections.abc import Mapping
from typing import Any

from bot.localchat.errors import ApiError, bad_request
from bot.localchat.formatting import Entity, FormattedText, clean, from_html, plain
from bot.localchat.updates import Json

BUTTON_DATA_LIMIT = 64
"""The longest callback data, in bytes of UTF-8."""

_BUTTON_KINDS = {
    "callback_data",
    "url",
    "web_app",
    "login_url",
    "copy_text",
    "callback_game",
    "pay",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
}


class Parameters:
    """Typed access to one request's parameters; raises `ApiError` 400 for a value that cannot be meant."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values

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

    @property
    def chat_id(self) -> int:
        if not self.string("chat_id"):
            raise bad_request("chat_id is empty")
        chat_id = self.integer("chat_id")
        if chat_id == 0:
            raise bad_request("chat not found")
        return chat_id

    @property
    def message_id(self) -> int:
        message_id = self.integer("message_id")
        if message_id <= 0:
            raise bad_request("message identifier is not specified")
        return message_id

    def content(self) -> FormattedText:
        """`text` with `parse_mode` or `entities` applied."""
        mode = self.string("parse_mode").lower()
        if mode == "html":
            return from_html(self.string("text"))
        if mode:
            raise bad_request("unsupported parse_mode")
        listed = self.json("entities", "can't parse entities: expected an Array") or []
        try:
            entities = [
                Entity(item["type"], int(item["offset"]), int(item["length"]), item.get("url"), item.get("language"))
                for item in listed
            ]
        except (TypeError, KeyError, ValueError, AttributeError):
            raise bad_request("can't parse entities: can't parse MessageEntity") from None
        return plain(self.string("text"), entities)

    def inline_keyboard(self) -> Json | None:
        """`reply_markup` when it is a checked inline keyboard; other markups belong to no message."""
        markup = self.json("reply_markup", "object expected as reply markup")
        if markup is None:
            return None
        if not isinstance(markup, dict):
            raise bad_request("object expected as reply markup")
        rows = markup.get("inline_keyboard")
        if rows is None:
            return None
        if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
            raise bad_request('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
        checked = [[_button(cell) for cell in row] for row in rows if row]
        if sum(map(len, checked)) > 100:
            raise bad_request("REPLY_MARKUP_TOO_LONG")
        return {"inline_keyboard": checked} if checked else None

    def reply_to(self) -> int | None:
        """The id of the message replied to; None when there is none or it may be missing."""
        parameters = self.json("reply_parameters", "can't parse reply parameters JSON object")
        if isinstance(parameters, dict):
            return None if parameters.get("allow_sending_without_reply") else Parameters(parameters).message_id
        return self.integer("reply_to_message_id") or None


def _button(cell: Any) -> Json:
    """An inline button as the server keeps it."""
    if not isinstance(cell, dict):
        raise bad_request("can't parse inline keyboard button: expected an Object")
    text = cell.get("text")
    if not isinstance(text, str) or not text.strip():
        raise _bad_button('Field "text" must be of type String' if text is None else "Button text must be non-empty")
    if not any(cell.get(kind) is not None for kind in _BUTTON_KINDS) or cell.get("callback_data") == "":
        raise _bad_button("Text buttons are unallowed in the inline keyboard")
    data = cell.get("callback_data", "")
    if not isinstance(data, str) or len(clean(data).encode()) > BUTTON_DATA_LIMIT:
        raise bad_request("BUTTON_DATA_INVALID")
    return {name: clean(value) if isinstance(value, str) else value for name, value in cell.items()}


def _bad_button(problem: str) -> ApiError:
    return bad_request(f"can't parse inline keyboard button: {problem}")
