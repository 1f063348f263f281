"""The chat page over HTTP: its files, what the reader does, and what happens in the chat as an event stream."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import wraps
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.localchat.changes import Changes
from bot.localchat.chats import ChatState
from bot.localchat.errors import ApiError, LocalChatError, bad_request
from bot.localchat.guard import JsonResponse, body_of, refusal
from bot.localchat.messages import Event, User
from bot.localchat.readers import Readers
from bot.localchat.updates import Json

READER = 1
"""The page's user, and so its private chat."""

BODY_LIMIT = 64 * 1024
"""Bytes; a message of 4,096 characters, each escaped in JSON, is 24 KiB."""

MESSAGES_SHOWN = 200
"""Messages that the page gets when it opens."""

_FOLDER = Path(__file__).parent / "page"
_FILES = {
    "": "text/html; charset=utf-8",
    "style.css": "text/css; charset=utf-8",
    "messages.css": "text/css; charset=utf-8",
    "chat.js": "text/javascript; charset=utf-8",
    "render.js": "text/javascript; charset=utf-8",
    "words.js": "text/javascript; charset=utf-8",
    "moon.svg": "image/svg+xml",
}
_SCRIPTS = {"zh-tw": "zh-hant", "zh-hk": "zh-hant", "zh-mo": "zh-hant", "zh-cn": "zh-hans", "zh-sg": "zh-hans"}

Handler = Callable[["PageRoutes", Request], Awaitable[Response]]


def _answered(handler: Handler) -> Handler:
    """Turn errors into answers."""

    @wraps(handler)
    async def answering(self: "PageRoutes", request: Request) -> Response:
        try:
            return await handler(self, request)
        except ApiError as error:
            return refusal(error)
        except LocalChatError as error:
            return refusal(ApiError(404, str(error)))

    return answering


class PageRoutes:
    """Serves `/`, its files and the three endpoints that its script calls."""

    def __init__(self, readers: Readers, state: ChatState, changes: Changes) -> None:
        self._readers = readers
        self._state = state
        self._changes = changes

    def routes(self) -> list[Route]:
        return [
            Route("/page/events", self.events),
            Route("/page/send", self.send, methods=["POST"]),
            Route("/page/press", self.press, methods=["POST"]),
            *(Route(f"/page/{name}" if name else "/", self.file, name=name) for name in _FILES),
        ]

    async def file(self, request: Request) -> Response:
        name = request.url.path.removeprefix("/").removeprefix("page/")
        return FileResponse(_FOLDER / (name or "index.html"), media_type=_FILES[name])

    @_answered
    async def send(self, request: Request) -> Response:
        """The reader writes: `{"text", "language"}`."""
        given = await _posted(request)
        self._reader(request, given)
        update_id = self._readers.sends(_string(given, "text"), READER)
        return JsonResponse({"ok": True, "update_id": update_id})

    @_answered
    async def press(self, request: Request) -> Response:
        """The reader presses a button: `{"message_id", "data", "language"}`."""
        given = await _posted(request)
        self._reader(request, given)
        message_id = given.get("message_id")
        if not isinstance(message_id, int):
            raise bad_request("message_id must be a number")
        _, query_id = self._readers.presses(message_id, _string(given, "data"), READER)
        return JsonResponse({"ok": True, "query_id": query_id})

    async def events(self, request: Request) -> Response:
        """A snapshot, then each change, as Server-Sent Events. A page that reconnects starts with a snapshot again."""
        user = self._reader(request, {"language": request.query_params.get("language", "")})
        return StreamingResponse(self._stream(user), media_type="text/event-stream")

    async def _stream(self, user: User) -> AsyncIterator[bytes]:
        with self._changes.page(READER) as queue:
            # The browser tries again one second after a connection broke.
            yield b"retry: 1000\n\n" + _event("snapshot", self._snapshot(user))
            while not self._changes.closed and (event := await queue.get()) is not None:
                if event.kind == "commands":
                    event = Event(event.kind, None, {"commands": self._state.commands.seen_by(user, None)})
                yield _event(event.kind, event.content)

    def _snapshot(self, user: User) -> Json:
        return {
            "bot": self._state.bot.json(),
            "commands": self._state.commands.seen_by(user, None),
            "messages": self._messages(),
        }

    def _messages(self) -> list[Json]:
        chat = self._state.chats.get(READER)
        return [message.json() for message in list(chat.messages.values())[-MESSAGES_SHOWN:]] if chat else []

    def _reader(self, request: Request, given: Json) -> User:
        language = given.get("language") or request.headers.get("accept-language", "")
        return self._readers.user(READER, language_code=_language_code(str(language)))


async def _posted(request: Request) -> Json:
    """The JSON object that our page sent, and nobody else: browsers give every POST its Origin."""
    if "origin" not in request.headers:
        raise ApiError(403, "Forbidden: no Origin")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise ApiError(415, "Unsupported Media Type: send application/json")
    try:
        given = json.loads(await body_of(request, BODY_LIMIT))
    except (ValueError, RecursionError):
        raise bad_request("not JSON") from None
    if not isinstance(given, dict):
        raise bad_request("a JSON object is expected")
    return given


def _string(given: Json, name: str) -> str:
    value: Any = given.get(name)
    if not isinstance(value, str):
        raise bad_request(f"{name} must be a text")
    return value


def _language_code(header: str) -> str | None:
    """Telegram's form of the first language in an Accept-Language header: zh-TW is zh-hant."""
    tag = header.partition(",")[0].partition(";")[0].strip().lower()[:35]
    return _SCRIPTS.get(tag, tag) if tag.replace("-", "").isalnum() and tag.isascii() else None


def _event(kind: str, content: Json) -> bytes:
    return f"event: {kind}\ndata: {json.dumps(content, separators=(',', ':'))}\n\n".encode("ascii")
