"""Keyboards as the server checks and keeps them."""

from typing import Any
from urllib.parse import urlsplit

from bot.localchat.errors import ApiError, bad_request
from bot.localchat.formatting import clean, utf16_length
from bot.localchat.updates import Json

DATA_LIMIT = 64
"""The longest callback data, in bytes of UTF-8."""

COPY_LIMIT = 256
"""The longest text to copy, in UTF-16 units."""

BUTTONS_LIMIT = 100

_KINDS = {
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


def inline_keyboard(markup: Json) -> Json | None:
    """A checked InlineKeyboardMarkup; None for other markups. Raises `ApiError` 400."""
    rows = markup.get("inline_keyboard")
    if rows is None:
        return None
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
    checked = [[_button(cell) for cell in row] for row in rows if row]
    if sum(map(len, checked)) > BUTTONS_LIMIT:
        raise bad_request("REPLY_MARKUP_TOO_LONG")
    return {"inline_keyboard": checked} if checked else None


def reply_request(markup: Json) -> Json | None:
    """A checked ForceReply; None for other markups. Raises `ApiError` 400."""
    if markup.get("force_reply") is not True:
        return None
    placeholder = markup.get("input_field_placeholder", "")
    if not isinstance(placeholder, str) or len(placeholder) > 64:
        raise bad_request("input field placeholder is too long")
    return {"force_reply": True, "input_field_placeholder": clean(placeholder)}


def _button(cell: Any) -> Json:
    """An inline button as the server keeps it."""
    if not isinstance(cell, dict):
        raise bad_request("can't parse inline keyboard button: expected an Object")
    text = cell.get("text")
    if not isinstance(text, str) or not text.strip():
        raise _bad_button('Field "text" must be of type String' if text is None else "Button text must be non-empty")
    if not any(cell.get(kind) is not None for kind in _KINDS) or cell.get("callback_data") == "":
        raise _bad_button("Text buttons are unallowed in the inline keyboard")
    kept: Json = {name: clean(value) if isinstance(value, str) else value for name, value in cell.items()}
    data = kept.get("callback_data", "")
    if not isinstance(data, str) or len(data.encode()) > DATA_LIMIT:
        raise bad_request("BUTTON_DATA_INVALID")
    if "url" in kept:
        kept["url"] = _checked_url(kept["url"])
    if "copy_text" in kept and not _can_be_copied(kept["copy_text"]):
        raise bad_request("BUTTON_COPY_TEXT_INVALID")
    for kind in ("switch_inline_query", "switch_inline_query_current_chat"):
        if not isinstance(kept.get(kind, ""), str):
            raise _bad_button(f'Field "{kind}" must be of type String')
    return kept


def _checked_url(url: Any) -> str:
    """An address that a button may open; one without a scheme gets http, as on the real server."""
    complete = url if isinstance(url, str) and ":" in url.partition("/")[0] else f"http://{url}"
    try:
        parts = urlsplit(complete)
        fine = parts.scheme == "tg" or (parts.scheme in ("http", "https") and "." in (parts.hostname or ""))
    except ValueError:
        fine = False
    if not fine:
        problem = "Wrong HTTP URL" if complete.startswith("http") else "Unsupported URL protocol"
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: {problem}")
    return complete


def _can_be_copied(value: Any) -> bool:
    text = value.get("text") if isinstance(value, dict) else None
    return isinstance(text, str) and 1 <= utf16_length(text) <= COPY_LIMIT


def _bad_button(problem: str) -> ApiError:
    return bad_request(f"can't parse inline keyboard button: {problem}")
