"""The local Telegram: the Bot API and the chat page on one loopback port, in the caller's event loop."""

import asyncio
import os
import re
import secrets
import socket
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from uvicorn.protocols.http.h11_impl import H11Protocol

from bot.localchat.api import BotApi, Call
from bot.localchat.changes import Changes
from bot.localchat.chats import ChatState
from bot.localchat.errors import ApiError, LocalChatError
from bot.localchat.faults import Faults
from bot.localchat.guard import Guard, refusal
from bot.localchat.inline import InlineAnswer
from bot.localchat.messages import Chat, Membership, Message, User
from bot.localchat.page_routes import PageRoutes
from bot.localchat.readers import Readers
from bot.localchat.sink import Sink
from bot.localchat.updates import Json
from bot.localchat.webhook import WebhookSender

BOT_NAME = "月下 Yuexia"
BOT_USERNAME = "yuexia_bot"


class LocalTelegram:
    """A stand-in for Telegram: real HTTP for the bot, a page for a reader, and handles for tests.

    Everything but `running` and `wait_until` is synchronous and belongs to the event loop that runs the server.

    token: what the bot must call with; made up when None, so that no other program can guess it.
    port: 0 takes a free one; the same instance started again keeps the port it got.
    clock: seconds since 1970; dates, update ids and the age of button presses come from it.
    seed: for faults that strike with a probability.
    """

    def __init__(
        self,
        token: str | None = None,
        port: int = 0,
        host: str = "127.0.0.1",
        *,
        clock: Callable[[], float] = time.time,
        seed: int = 0,
    ) -> None:
        if host not in ("127.0.0.1", "localhost"):
            raise LocalChatError(f"The local chat is for this machine alone and cannot listen on {host}.")
        self.token = token or f"{secrets.randbelow(9 * 10**8) + 10**8}:{secrets.token_urlsafe(26)}"
        self.port = port
        self.faults = Faults(seed)
        self._changes = Changes()
        bot_id = re.match(r"\d{1,15}", self.token)
        bot = User(int(bot_id.group()) if bot_id else 10**9, BOT_NAME, is_bot=True, username=BOT_USERNAME)
        self._state = ChatState(bot, clock, self._changes.tell, self._changes.ring)
        self._api = BotApi(self.token, self._state, self.faults, self._changes)
        self._readers = Readers(self._state)
        page = PageRoutes(self._readers, self._state, self._changes)
        self._app = Starlette(
            routes=[*self._api.routes(), *page.routes()],
            middleware=[Middleware(Guard)],
            exception_handlers={404: _not_found, 405: _not_found},
        )

    # Running

    @property
    def base_url(self) -> str:
        """What python-telegram-bot calls base_url."""
        return f"http://127.0.0.1:{self.port}/bot"

    @property
    def page_url(self) -> str:
        """The chat page."""
        return f"http://127.0.0.1:{self.port}/"

    @asynccontextmanager
    async def running(self) -> AsyncIterator["LocalTelegram"]:
        """Serve until the block ends. Raises `LocalChatError` when the port is taken."""
        listener = self._bind()
        self.port = listener.getsockname()[1]
        self._changes.open()
        server = _Server(self._app)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        serving.add_done_callback(lambda _: server.ready.set())
        pushing = asyncio.create_task(WebhookSender(self._state, self._changes).run())
        try:
            await server.ready.wait()
            if serving.done():
                raise LocalChatError(f"The local chat stopped while starting on port {self.port}.")
            yield self
        finally:
            self._changes.close()
            self.faults.release()
            await pushing
            server.stop.set()
            await serving

    def _bind(self) -> socket.socket:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if os.name == "posix":
            # So that a restart need not wait for the last run's connections to expire. Elsewhere it would steal ports.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", self.port))
            listener.listen(128)
        except (OSError, OverflowError) as error:
            listener.close()
            reason = getattr(error, "strerror", None) or str(error)
            where = f"127.0.0.1:{self.port} ({reason})"
            raise LocalChatError(f"The local chat cannot listen on {where}; choose a free port.") from error
        listener.setblocking(False)
        return listener

    # What readers do

    def user(self, user_id: int = 1, first_name: str | None = None, language_code: str | None = None) -> User:
        """The reader with this id, made when new; what is given replaces the old."""
        return self._readers.user(user_id, first_name, language_code)

    def user_sends(self, text: str, user_id: int = 1, chat_id: int | None = None, reply_to: int | None = None) -> int:
        """A reader writes (chat_id None: the private chat; negative: a group). Returns the update's id.

        In a group the bot gets only what privacy mode lets it have: see `groups.hears`.
        """
        return self._readers.sends(text, user_id, chat_id, reply_to)

    def user_presses(self, message_id: int, callback_data: str, user_id: int = 1, chat_id: int | None = None) -> int:
        """A reader presses an inline button. Returns the update's id."""
        return self._readers.presses(message_id, callback_data, user_id, chat_id)[0]

    def user_asks_inline(self, query: str, user_id: int = 1, offset: str = "") -> str:
        """A reader writes `@bot query` into some message box. Returns the query's id, for the two below."""
        return self._readers.asks_inline(query, user_id, offset)

    def inline_answer(self, query_id: str) -> InlineAnswer | None:
        """What the bot offered; None before it has answered."""
        return self._state.inline.asked(query_id).answer

    def user_chooses(self, query_id: str, result_id: str, chat_id: int | None = None) -> Message:
        """A reader sends a result into a chat (None: the one with the bot), where it stands "via @bot"."""
        return self._readers.chooses(query_id, result_id, chat_id)

    # Groups

    def make_group(
        self,
        chat_id: int,
        title: str = "Poets",
        kind: str = "supergroup",
        administrators: Iterable[int] = (),
        members: Iterable[int] = (),
        *,
        with_bot: bool = True,
    ) -> Chat:
        """A group or supergroup with these users; the first administrator is its creator.

        Not needed for a plain one: a supergroup comes to be when a reader writes to a negative id.
        """
        return self._readers.make_group(chat_id, title, kind, administrators, members, with_bot=with_bot)

    def migrate_group(self, chat_id: int, new_id: int) -> None:
        """A group becomes a supergroup with another id, as Telegram tells bots: by a message, and by an error."""
        self._readers.migrate(chat_id, new_id)

    def set_membership(self, user_id: int, status: Membership, chat_id: int, by: int = 1) -> None:
        """Somebody joins or leaves a group, or becomes its administrator; for the bot itself take `bot_id`.

        KICKED from a private chat, the bot is blocked by its reader.
        """
        self._readers.set_membership(user_id, status, chat_id, by)

    @property
    def bot_id(self) -> int:
        """The bot's user id."""
        return self._state.bot.id

    def redeliver(self, update_id: int) -> None:
        """Deliver an update once more, confirmed or not, as after a lost confirmation."""
        self._state.updates.redeliver(update_id)

    def add_sink(self, sink: Sink) -> None:
        """Let `sink` take the messages to its chats."""
        self._api.sink = sink

    # What tests look at

    def messages(self, chat_id: int = 1) -> list[Message]:
        """The chat's messages as they are now, oldest first."""
        chat = self._state.chats.get(chat_id)
        return list(chat.messages.values()) if chat else []

    def commands_for(self, user_id: int = 1, chat_id: int | None = None) -> list[Json]:
        """The registered commands that a reader sees in a chat (None: the private one)."""
        return self._state.commands.seen_by(self.user(user_id), self._state.chats.get(chat_id or user_id))

    @property
    def calls(self) -> deque[Call]:
        """The Bot API calls so far, oldest first; the last 10,000 are kept."""
        return self._api.calls

    def calls_of(self, method: str) -> list[Call]:
        """The recorded calls of one method."""
        return [call for call in self.calls if call.method == method]

    @property
    def pending_updates(self) -> int:
        """Updates not confirmed yet."""
        return len(self._state.updates)

    @property
    def webhook_error(self) -> str | None:
        """How sending an update to the bot's webhook failed last; None while it did not."""
        error = self._state.updates.webhook_error
        return error[1] if error else None

    async def wait_until(self, predicate: Callable[[], bool], timeout: float = 10.0) -> None:
        """Wait until the predicate holds. Raises `TimeoutError` that tells what happened instead."""
        if not await self._changes.until(predicate, timeout):
            last = ", ".join(f"{call.method} {call.status}" for call in list(self.calls)[-8:])
            said = [message.text for message in self.messages()[-3:]]
            raise TimeoutError(f"not within {timeout} s; last calls: {last or 'none'}; chat 1 ends with {said}")


class _Server(uvicorn.Server):
    """uvicorn without signal handlers: the program that runs us has its own."""

    def __init__(self, app: Starlette) -> None:
        config = uvicorn.Config(
            app,
            http=_Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="warning",
            # An access log would hold the token, which is part of every Bot API path.
            access_log=False,
            server_header=False,
            # Longer than httpx keeps idle connections (5 s), or it now and then sends into one that is just closing.
            timeout_keep_alive=75,
            timeout_graceful_shutdown=5,
        )
        super().__init__(config)
        self.ready = asyncio.Event()
        self.stop = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self.stop.wait()


class _Protocol(H11Protocol):
    """Hands the transport to the application, which faults need to break a connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state: dict[str, Any] = {**self.app_state, "transport": transport}


async def _not_found(_: Request, __: Exception) -> Response:
    return refusal(ApiError(404, "Not Found"))
