"""Updates pushed to the bot: with its secret, again until they are taken, a chat's in order."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from telegram import Bot
from telegram.error import BadRequest, Conflict

from bot.localchat import LocalTelegram

SECRET = "a-secret_1"


@dataclass
class Receiver:
    """A bot's end of a webhook: an HTTP server that takes what comes and answers as `status` says."""

    status: Callable[[str], Awaitable[int]]
    port: int = 0
    texts: list[str] = field(default_factory=list)
    """The texts of all updates, each as often as it came."""
    headers: dict[str, str] = field(default_factory=dict)
    """Those of the latest request."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/updates"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await self._head(reader):
            lines = head.decode().split("\r\n")
            self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
            update = json.loads(await reader.readexactly(int(self.headers["content-length"])))
            text = update["message"]["text"]
            self.texts.append(text)
            writer.write(f"HTTP/1.1 {await self.status(text)} Whatever\r\nContent-Length: 0\r\n\r\n".encode())
        writer.close()

    async def _head(self, reader: asyncio.StreamReader) -> bytes:
        try:
            return await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""


async def take(_: str) -> int:
    return 200


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver that takes everything, until a test tells it otherwise."""
    receiver = Receiver(take)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    yield receiver
    server.close()


async def test_updates_come_with_the_secret_and_polls_are_refused(
    api: Bot, local_telegram: LocalTelegram, receiver: Receiver
) -> None:
    poll = asyncio.create_task(api.get_updates(offset=-1, timeout=50, allowed_updates=["message"]))
    await poll
    poll = asyncio.create_task(api.get_updates(offset=(poll.result()[-1].update_id + 1), timeout=50))
    await local_telegram.wait_until(lambda: len(local_telegram.calls_of("getUpdates")) == 2)
    assert await api.set_webhook(receiver.url, secret_token=SECRET, max_connections=3)
    with pytest.raises(Conflict, match="terminated by setWebhook request"):
        await poll
    local_telegram.user_sends("月")
    await local_telegram.wait_until(lambda: local_telegram.pending_updates == 0)
    assert receiver.texts == ["月"]
    assert receiver.headers["x-telegram-bot-api-secret-token"] == SECRET
    assert receiver.headers["content-type"] == "application/json"
    info = await api.get_webhook_info()
    assert (info.url, info.max_connections, info.allowed_updates) == (receiver.url, 3, ("message",))
    with pytest.raises(Conflict, match="can't use getUpdates method while webhook is active"):
        await api.get_updates()
    assert await api.delete_webhook()
    local_telegram.user_sends("下")
    assert [update.message.text for update in await api.get_updates() if update.message] == ["下"]
    assert receiver.texts == ["月"]


async def test_what_is_not_taken_comes_again(api: Bot, local_telegram: LocalTelegram, receiver: Receiver) -> None:
    answers = iter([500, 403, 200])

    async def status(_: str) -> int:
        return next(answers)

    receiver.status = status
    await api.set_webhook(receiver.url)
    await local_telegram.wait_until(lambda: local_telegram.pending_updates == 0)
    assert receiver.texts == ["hello"] * 3
    info = await api.get_webhook_info()
    assert info.last_error_message == "Wrong response from the webhook: 403 Whatever"
    receiver.status = take
    local_telegram.redeliver(local_telegram.user_sends("月"))
    await local_telegram.wait_until(lambda: local_telegram.pending_updates == 0)
    assert receiver.texts[3:] == ["月"]


async def test_a_bot_that_is_not_there_yet_is_waited_for(api: Bot, local_telegram: LocalTelegram) -> None:
    receiver = Receiver(take)
    gone = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = gone.sockets[0].getsockname()[1]
    gone.close()
    await gone.wait_closed()
    await api.set_webhook(receiver.url)
    await local_telegram.wait_until(lambda: local_telegram.webhook_error == "Connection refused")
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", receiver.port)
    await local_telegram.wait_until(lambda: receiver.texts == ["hello"])
    server.close()


async def test_a_chat_is_served_in_order_and_others_meanwhile(
    api: Bot, local_telegram: LocalTelegram, receiver: Receiver
) -> None:
    await api.get_updates(offset=-1)
    opened = asyncio.Event()

    async def status(text: str) -> int:
        if text == "slow":
            await opened.wait()
        return 200

    receiver.status = status
    await api.set_webhook(receiver.url, drop_pending_updates=True, max_connections=2)
    for text, user_id in (("slow", 1), ("after", 1), ("other", 2), ("third", 3)):
        local_telegram.user_sends(text, user_id)
    await local_telegram.wait_until(lambda: set(receiver.texts) == {"slow", "other", "third"})
    opened.set()
    await local_telegram.wait_until(lambda: local_telegram.pending_updates == 0)
    assert receiver.texts == ["slow", "other", "third", "after"]


@pytest.mark.parametrize(
    "given",
    [
        {"url": "https://example.org/updates"},
        {"url": "http://10.0.0.1/updates"},
        {"url": "ftp://127.0.0.1/updates"},
        {"url": "http://[::1/updates"},
        {"url": "http://127.0.0.1:1/updates", "secret_token": "not allowed"},
    ],
)
async def test_only_this_machine_is_sent_to(api: Bot, given: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        await api.set_webhook(**given)
    assert (await api.get_webhook_info()).url == ""
