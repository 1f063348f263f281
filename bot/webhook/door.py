"""The door at which updates arrive: who knocks shows the secret, and hears 200 when the update is kept."""

import asyncio
import hmac
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from bot.watching.metrics import WEBHOOK_REQUESTS

# An update with the longest of messages has a few tens of kilobytes.
BODY_LIMIT: Final = 1 << 20
_BODY_S: Final = 10.0
_SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 the header's name

Keep = Callable[[Sequence[dict[str, Any]]], Awaitable[None]]

_log = logging.getLogger(__name__)


class Door:
    """Answers POST at `path`; `keep` stores an update, or raises `SQLAlchemyError` when it cannot now."""

    def __init__(self, path: str, secret: str, keep: Keep) -> None:
        self._path = path
        self._secret = secret.encode()
        self._keep = keep

    def routes(self) -> list[Route]:
        """The one place where updates are taken."""
        return [Route(self._path, self._answer, methods=["POST"])]

    async def _answer(self, request: Request) -> Response:
        status = await self._take(request)
        WEBHOOK_REQUESTS.labels(str(status.value)).inc()
        # Telegram brings an update again, with growing pauses, until it hears 200.
        return Response(status_code=status)

    async def _take(self, request: Request) -> HTTPStatus:
        shown = request.headers.get(_SECRET_HEADER, "").encode()
        if not hmac.compare_digest(shown, self._secret):
            return HTTPStatus.UNAUTHORIZED
        try:
            async with asyncio.timeout(_BODY_S):
                body = await _body(request)
        except (TimeoutError, ClientDisconnect):
            return HTTPStatus.REQUEST_TIMEOUT
        if body is None:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        try:
            await self._keep([json.loads(body)])
        # RecursionError: brackets inside of brackets.
        except (ValueError, RecursionError):
            return HTTPStatus.BAD_REQUEST
        except SQLAlchemyError as error:
            _log.warning("an update cannot be kept now (%s); Telegram brings it again", type(error).__name__)
            return HTTPStatus.SERVICE_UNAVAILABLE
        return HTTPStatus.OK


async def _body(request: Request) -> bytes | None:
    """The body; None as soon as it is too large."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            return None
    return bytes(body)
