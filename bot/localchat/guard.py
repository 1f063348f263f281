"""Who may talk to the local chat, and how much: browsers of this machine, showing our own page.

A web page elsewhere can make a reader's browser send requests to 127.0.0.1, directly (the Origin gives it away) or
under a name of its own that resolves there (the Host gives it away). Both are turned down.
"""

import json
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.localchat.errors import ApiError

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    # A page from yesterday's version must not meet today's server.
    "Cache-Control": "no-cache",
}


class JsonResponse(Response):
    """JSON in ASCII: whatever characters a message holds, it can be sent."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return json.dumps(content, separators=(",", ":")).encode("ascii")


def refusal(error: ApiError) -> JsonResponse:
    """The Bot API's error object, under its own status."""
    content: dict[str, Any] = {"ok": False, "error_code": error.code, "description": error.description}
    if error.parameters:
        content["parameters"] = error.parameters
    return JsonResponse(content, status_code=error.code)


class Guard:
    """ASGI middleware: 403 for a foreign Host or Origin, security headers on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        if is_ours(scope):
            await self._app(scope, receive, send_with_headers)
        else:
            await refusal(ApiError(403, "Forbidden: foreign Host or Origin"))(scope, receive, send_with_headers)


def is_ours(scope: Scope) -> bool:
    """Whether Host is a loopback name with our own port, and Origin, if there is one, our own page."""
    port = scope["server"][1]
    hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")}
    if port == 80:
        hosts |= {"127.0.0.1", "localhost", "[::1]"}
    headers = Headers(scope=scope)
    origins = headers.getlist("origin")
    return headers.getlist("host") in [[host] for host in hosts] and (
        not origins or origins in [[f"http://{host}"] for host in hosts]
    )


async def body_of(request: Request, limit: int) -> bytes:
    """The request's body. Raises `ApiError` 413 as soon as it is over `limit` bytes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise ApiError(413, "Request Entity Too Large")
    return bytes(body)
