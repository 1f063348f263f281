"""The chat page over HTTP: its files, what the reader does, and what happens in the chat as an event stream."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import wraps
from pathlib import Path
from typing import Any
from urllib.parse import quote

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

QUERY_LIMIT = 256
"""Characters of an inline query; what is written beyond is not passed on."""

MESSAGES_SHOWN = 200
"""Messages that the page gets when it opens."""

_FOLDER = Path(__file__).parent / "page"
_FILES = {
    "": "text/html; charset=utf-8",
    "style.css": "text/css; charset=utf-8",
    "messages.css": "text/css; charset=utf-8",
    "desk.css": "text/css; charset=utf-8",
    "chat.js": "text/javascript; charset=utf-8",
    "render.js": "text/javascript; charset=utf-8",
    "buttons.js": "text/javascript; charset=utf-8",
    "composer.js": "text/javascript; charset=utf-8",
    "inline.js": "text/javascript; charset=utf-8",
    "server.js": "text/javascript; charset=utf-8",
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
    """Serves `/`, its files and the endpoints that its script calls."""

    def __init__(self, readers: Readers, state: ChatState, changes: Changes) -> None:
        self._readers = readers
        self._state = state
        self._changes = changes

    def routes(self) -> list[Route]:
        return [
            Route("/page/events", self.events),
            Route("/page/send", self.send, methods=["POST"]),
            Route("/page/press", self.press, methods=["POST"]),
            Route("/page/ask", self.ask, methods=["POST"]),
            Route("/page/choose", self.choose, methods=["POST"]),
            Route("/page/media/{file_id}", self.media),
            *(Route(f"/page/{name}" if name else "/", self.file, name=name) for name in _FILES),
        ]

    async def file(self, request: Request) -> Response:
        name = request.url.path.removeprefix("/").removeprefix("page/")
        return FileResponse(_FOLDER / (name or "index.html"), media_type=_FILES[name])

    @_answered
    async def send(self, request: Request) -> Response:
        """The reader writes: `{"text", "reply_to", "language"}`; `reply_to` is a message's id or null."""
        given = await _posted(request)
        self._reader(request, given)
        reply_to = None if given.get("reply_to") is None else _integer(given, "reply_to")
        update_id = self._readers.sends(_string(given, "text"), READER, reply_to=reply_to)
        return JsonResponse({"ok": True, "update_id": update_id})

    @_answered
    async def press(self, request: Request) -> Response:
        """The reader presses a button: `{"message_id", "data", "language"}`."""
        given = await _posted(request)
        self._reader(request, given)
        _, query_id = self._readers.presses(_integer(given, "message_id"), _string(given, "data"), READER)
        return JsonResponse({"ok": True, "query_id": query_id})

    @_answered
    async def ask(self, request: Request) -> Response:
        """The reader writes `@bot query`: `{"query", "offset", "language"}`."""
        given = await _posted(request)
        self._reader(request, given)
        query_id = self._readers.asks_inline(_string(given, "query")[:QUERY_LIMIT], READER, _string(given, "offset"))
        return JsonResponse({"ok": True, "query_id": query_id})

    @_answered
    async def choose(self, request: Request) -> Response:
        """The reader sends an inline result: `{"query_id", "result_id", "language"}`."""
        given = await _posted(request)
        self._reader(request, given)
        message = self._readers.chooses(_string(given, "query_id"), _string(given, "result_id"))
        return JsonResponse({"ok": True, "message_id": message.message_id})

    @_answered
    async def media(self, request: Request) -> Response:
        """A photo to be shown, or a document to be saved."""
        media = self._state.media.find(request.path_params["file_id"])
        if media.content is None:
            raise ApiError(410, "Gone: newer files took its place")
        if media.kind == "photo":
            return Response(media.content, media_type=media.mime_type)
        disposition = f"attachment; filename*=UTF-8''{quote(media.file_name, safe='')}"
        headers = {"Content-Disposition": disposition}
        # Whatever it calls itself: a document is bytes to save, and never a page of ours.
        return Response(media.content, media_type="application/octet-stream", headers=headers)

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
        return [message.shown() for message in list(chat.messages.values())[-MESSAGES_SHOWN:]] if chat else []

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


def _integer(given: Json, name: str) -> int:
    value: Any = given.get(name)
    if not isinstance(value, int):
        raise bad_request(f"{name} must be a number")
    return value


def _language_code(header: str) -> str | None:
    """Telegram's form of the first language in an Accept-Language header: zh-TW is zh-hant."""
    tag = header.partition(",")[0].partition(";")[0].strip().lower()[:35]
    return _SCRIPTS.get(tag, tag) if tag.replace("-", "").isalnum() and tag.isascii() else None


def _event(kind: str, content: Json) -> bytes:
    return f"event: {kind}\ndata: {json.dumps(content, separators=(',', ':'))}\n\n".encode("ascii")
