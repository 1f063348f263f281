"""Updates pushed to a bot's own address, as Telegram does once setWebhook was called."""

import asyncio
from collections.abc import Iterator
from typing import Any, Final

import httpx

from bot.localchat.changes import Changes
from bot.localchat.chats import ChatState
from bot.localchat.updates import Json, Webhook

ANSWER_WITHIN_S: Final = 60.0
"""How long the bot may take for one update."""

# A local bot is back in a moment; the real server begins with a second and goes up to minutes.
_FIRST_WAIT_S: Final = 0.1
_LONGEST_WAIT_S: Final = 5.0

QueueKey = tuple[str, int]


class WebhookSender:
    """Sends each waiting update until the bot answers 200: a chat's in order, those of different chats at once."""

    def __init__(self, state: ChatState, changes: Changes) -> None:
        self._updates = state.updates
        self._now = state.now
        self._changes = changes
        self._busy: dict[QueueKey, asyncio.Task[None]] = {}
        self._failures: dict[QueueKey, int] = {}

    async def run(self) -> None:
        """Send until the server stops, and then leave what is under way."""
        # A proxy from the environment is no way to this very machine.
        async with httpx.AsyncClient(timeout=ANSWER_WITHIN_S, trust_env=False) as client:
            while not self._changes.closed:
                self._begin(client)
                await self._changes.wait(ANSWER_WITHIN_S)
            under_way = list(self._busy.values())
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    def _begin(self, client: httpx.AsyncClient) -> None:
        """Start as many requests as there are queues with something to send, and connections left."""
        webhook = self._updates.webhook
        if webhook is None:
            return
        for key, update in self._first_of_each_queue(webhook.max_connections):
            self._busy[key] = asyncio.create_task(self._deliver(client, webhook, key, update))

    def _first_of_each_queue(self, connections: int) -> Iterator[tuple[QueueKey, Json]]:
        if len(self._busy) >= connections:
            return
        for update in self._updates.waiting():
            key = queue_of(update)
            if key not in self._busy:
                yield key, update
                if len(self._busy) >= connections:
                    return

    async def _deliver(self, client: httpx.AsyncClient, webhook: Webhook, key: QueueKey, update: Json) -> None:
        """One try; after one in vain the queue rests a while before the next."""
        try:
            problem = await _post(client, webhook, update)
            if problem is None:
                self._failures.pop(key, None)
                self._updates.confirm(update["update_id"])
                return
            failures = self._failures[key] = self._failures.get(key, 0) + 1
            self._updates.webhook_error = (int(self._now()), problem)
            await asyncio.sleep(min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2.0 ** min(failures - 1, 16)))
        finally:
            del self._busy[key]
            self._changes.ring()


def queue_of(update: Json) -> QueueKey:
    """Updates of one queue are sent one after another: messages of one chat, and of one user each other kind."""
    kind = next(name for name in update if name != "update_id")
    content: Any = update[kind]
    return kind, content["chat"]["id"] if "chat" in content else content["from"]["id"]


async def _post(client: httpx.AsyncClient, webhook: Webhook, update: Json) -> str | None:
    """Send an update; None when it was taken, or else what went wrong."""
    secret = {"X-Telegram-Bot-Api-Secret-Token": webhook.secret_token} if webhook.secret_token else {}
    try:
        answer = await client.post(webhook.url, json=update, headers=secret)
    except httpx.TimeoutException:
        return "Read timeout expired"
    except httpx.ConnectError:
        return "Connection refused"
    except httpx.HTTPError:
        return "Connection closed"
    if answer.is_success:
        return None
    return f"Wrong response from the webhook: {answer.status_code} {answer.reason_phrase}"
