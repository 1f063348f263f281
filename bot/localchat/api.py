"""The Bot API over HTTP: reads requests, lets faults strike, waits in getUpdates."""

import asyncio
import hmac
import json
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.localchat.changes import Changes
from bot.localchat.chats import ChatState
from bot.localchat.errors import ApiError, bad_request
from bot.localchat.faults import Fault, FaultKind, Faults
from bot.localchat.guard import JsonResponse, body_of, refusal
from bot.localchat.media import UPLOAD_LIMIT, Upload
from bot.localchat.methods import GET_UPDATES, METHODS, NAMES
from bot.localchat.methods.webhooks import allow_updates
from bot.localchat.parameters import Parameters
from bot.localchat.sink import Sink
from bot.localchat.updates import Json

BODY_LIMIT = 1 << 20
"""The largest request without files, in bytes; the largest with files is as much larger as a file may be."""

FILES_LIMIT = 10
"""Files in one request."""

CALLS_KEPT = 10_000
"""Recorded calls; the oldest go first, so that a long run does not grow."""

LONGEST_POLL = 50
"""Seconds; the real server waits no longer, whatever the bot asks for."""

_BINARY = "application/octet-stream"

_CONFLICT = ApiError(
    409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
)
_WEBHOOK_IS_SET = ApiError(
    409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)
_WEBHOOK_WAS_SET = ApiError(409, "Conflict: terminated by setWebhook request")


@dataclass(slots=True, eq=False)
class Call:
    """One recorded Bot API call. `status` is None until it is answered, and stays so when it never is."""

    method: str
    parameters: Json
    chat_id: int | None
    fault: Fault | None = None
    status: int | None = None
    description: str | None = None


class BotApi:
    """Answers `/bot<TOKEN>/<method>`."""

    def __init__(self, token: str, state: ChatState, faults: Faults, changes: Changes) -> None:
        self._token = token
        self._state = state
        self._faults = faults
        self._changes = changes
        self._latest_poll = 0
        self.calls: deque[Call] = deque(maxlen=CALLS_KEPT)
        self.sink: Sink | None = None

    def routes(self) -> list[Route]:
        return [Route("/bot{token}/{method}", self._answer, methods=["GET", "POST"])]

    async def _answer(self, request: Request) -> Response:
        if not hmac.compare_digest(request.path_params["token"].encode(), self._token.encode()):
            return refusal(ApiError(401, "Unauthorized"))
        try:
            given = await _parameters(request)
        except ApiError as error:
            return refusal(error)
        asked = request.path_params["method"]
        method = NAMES.get(asked.lower(), asked)
        chat_id = given.integer("chat_id") or None
        if self.sink is not None and chat_id is not None and self.sink.takes(method, chat_id):
            # One of very many: neither recorded nor told to anyone who waits.
            call = Call(method, {}, chat_id, self.sink.strike(chat_id))
            return await self._respond(request, call, given) or Response(status_code=502)
        call = Call(method, dict(given.values), chat_id, self._faults.strike(method, chat_id))
        self.calls.append(call)
        self._changes.ring()
        response = await self._respond(request, call, given)
        call.status = response.status_code if response else None
        self._changes.ring()
        # After a broken connection nobody reads what is returned here.
        return response or Response(status_code=502)

    async def _respond(self, request: Request, call: Call, given: Parameters) -> Response | None:
        """Carry the call out, unless a fault says otherwise; None when the connection breaks instead of an answer."""
        fault = call.fault
        answer = await self._result(call, given) if fault is None or fault.carried_out else None
        if fault is None:
            return answer
        if fault.kind == FaultKind.TIMEOUT and await self._is_released(request) and answer is not None:
            return answer
        if fault.kind in (FaultKind.TIMEOUT, FaultKind.DROPPED):
            request.state.transport.abort()
            await _disconnected(request)
            return None
        call.description = fault.error().description
        return refusal(fault.error())

    async def _result(self, call: Call, given: Parameters) -> Response:
        try:
            if self.sink is not None and call.chat_id is not None and self.sink.takes(call.method, call.chat_id):
                return JsonResponse({"ok": True, "result": self.sink.send(call.chat_id)})
            return JsonResponse({"ok": True, "result": await self._carry_out(call.method, given)})
        except ApiError as error:
            call.description = error.description
            return refusal(error)

    async def _carry_out(self, method: str, given: Parameters) -> Any:
        if method == GET_UPDATES:
            return await self._get_updates(given)
        if method not in METHODS:
            raise ApiError(404, "Not Found")
        return METHODS[method](self._state, given)

    async def _get_updates(self, given: Parameters) -> list[Json]:
        """Wait for updates up to `timeout` seconds. A newer getUpdates ends this one with 409."""
        if self._state.updates.webhook is not None:
            raise _WEBHOOK_IS_SET
        self._latest_poll += 1
        this_poll = self._latest_poll
        self._changes.ring()
        allow_updates(self._state, given)
        offset = given.integer("offset")
        limit = min(max(given.integer("limit", 100), 1), 100)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + min(given.integer("timeout"), LONGEST_POLL)
        while True:
            updates = self._state.updates.take(offset, limit)
            remaining = deadline - loop.time()
            if updates or remaining <= 0 or self._changes.closed:
                return updates
            await self._changes.wait(remaining)
            if this_poll != self._latest_poll:
                raise _CONFLICT
            if self._state.updates.webhook is not None:
                raise _WEBHOOK_WAS_SET

    async def _is_released(self, request: Request) -> bool:
        """Wait until the fault is released, or until the caller has given up: then False."""
        released = asyncio.Event()
        self._faults.on_release(released.set)
        waits = [asyncio.ensure_future(released.wait()), asyncio.ensure_future(_disconnected(request))]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
        return released.is_set()


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _parameters(request: Request) -> Parameters:
    """The parameters from the query and the body, whichever of the four encodings the bot chose."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _multipart(request)
    values: Json = dict(request.query_params)
    body = await body_of(request, BODY_LIMIT)
    try:
        values |= json.loads(body or b"{}") if kind == "application/json" else _form(body)
    except (ValueError, TypeError, RecursionError):
        raise bad_request("can't parse request") from None
    return Parameters(values)


def _form(body: bytes) -> dict[str, str]:
    return dict(parse_qsl(body.decode(), keep_blank_values=True))


async def _multipart(request: Request) -> Parameters:
    """The text fields and the files of multipart/form-data."""
    body = await body_of(request, UPLOAD_LIMIT + BODY_LIMIT)

    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    parser = MultiPartParser(request.headers, stream(), max_files=FILES_LIMIT, max_part_size=BODY_LIMIT)
    try:
        form = await parser.parse()
    except (MultiPartException, ValueError, KeyError):
        raise bad_request("can't parse request") from None
    fields: Json = dict(request.query_params)
    files: dict[str, Upload] = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            fields[name] = value
        else:
            files[name] = Upload(value.filename or name, await value.read(), value.content_type or _BINARY)
    await form.close()
    return Parameters(fields, files)
