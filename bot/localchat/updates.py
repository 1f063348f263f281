"""The queue of updates, which a bot fetches with getUpdates or has sent to its webhook."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.localchat.errors import LocalChatError

Json = dict[str, Any]

HISTORY = 10_000
"""How many updates can be delivered again; older ones are forgotten so that a long run does not grow."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where updates are sent to, with what secret, and over how many connections at once."""

    url: str
    secret_token: str
    max_connections: int


class UpdateQueue:
    """Updates wait until an offset above their id, or the webhook's answer, confirms them.

    `ring` is called when there is something new to deliver, or a new way to.
    """

    def __init__(self, first_id: int, ring: Callable[[], None]) -> None:
        self._next_id = first_id
        self._ring = ring
        self._pending: OrderedDict[int, Json] = OrderedDict()
        self._again: dict[int, Json] = {}
        self._history: OrderedDict[int, Json] = OrderedDict()
        self.allowed: frozenset[str] | None = None
        """The kinds that are queued; None: all."""
        self.webhook: Webhook | None = None
        self.webhook_error: tuple[int, str] | None = None
        """When and how a delivery failed last."""

    def __len__(self) -> int:
        return len(self._pending) + len(self._again)

    def allow(self, kinds: list[str]) -> None:
        """Queue only these kinds from now on; an empty list allows all."""
        self.allowed = frozenset(kinds) or None

    def set_webhook(self, webhook: Webhook | None) -> None:
        """Send updates to this address from now on; None: let them be fetched."""
        self.webhook = webhook
        self.webhook_error = None
        self._ring()

    def add(self, kind: str, content: Json, *, heard: bool = True) -> int:
        """Queue one update and return its id, which counts on even when the kind is not allowed, or not `heard`."""
        update_id = self._next_id
        self._next_id += 1
        update: Json = {"update_id": update_id, kind: content}
        self._history[update_id] = update
        if len(self._history) > HISTORY:
            self._history.popitem(last=False)
        if heard and (self.allowed is None or kind in self.allowed):
            self._pending[update_id] = update
            self._ring()
        return update_id

    def take(self, offset: int, limit: int) -> list[Json]:
        """Confirm everything below `offset`, then return up to `limit` updates, oldest first.

        A negative offset keeps only that many updates, counted from the end; 0 confirms nothing.
        """
        if offset < 0:
            kept = list(self._pending)[offset:]
            offset = kept[0] if kept else 0
        for update_id in [known for known in self._pending if known < offset]:
            del self._pending[update_id]
        chosen = sorted({**self._pending, **self._again}.items())[:limit]
        for update_id, _ in chosen:
            self._again.pop(update_id, None)
        return [update for _, update in chosen]

    def waiting(self) -> Iterator[Json]:
        """What is to be delivered: first what comes again, then the rest, oldest first."""
        yield from self._again.values()
        yield from (update for update_id, update in self._pending.items() if update_id not in self._again)

    def confirm(self, update_id: int) -> None:
        """The webhook took an update."""
        self._pending.pop(update_id, None)
        self._again.pop(update_id, None)

    def redeliver(self, update_id: int) -> None:
        """Hand an update out once more, confirmed or not: what a bot sees when its confirmation got lost.

        Raises `LocalChatError` for an id that was never given or is too old.
        """
        if update_id not in self._history:
            raise LocalChatError(f"There is no update {update_id} to deliver again.")
        self._again[update_id] = self._history[update_id]
        self._ring()

    def clear(self) -> None:
        """Forget everything that waits."""
        self._pending.clear()
        self._again.clear()
