"""Chats without number: messages to them are counted and forgotten, so that a hundred thousand cost no memory.

A run with broadcasts looks here for what went out, how often and how fast; the sender is not asked.
"""

import random
import time
from array import array
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from bot.localchat.faults import Fault, FaultKind

FIRST_CHAT: Final = 1_000_000_000
"""Ids of these chats count up from here; readers of tests have small ones."""

_WINDOW_S: Final = 1.0


@dataclass(frozen=True)
class FaultMix:
    """Shares of messages that meet each fault, each between 0 and 1. 403 belongs to a chat, the others to a request."""

    too_many_requests: float = 0.0
    blocked: float = 0.0
    server_error: float = 0.0
    timeout: float = 0.0
    """Half of these are carried out all the same."""
    retry_after: float = 1.0
    """Seconds, with 429."""


@dataclass
class Sink:
    """Takes sendMessage for chats from `FIRST_CHAT` on, as many as `chats`."""

    chats: int
    mix: FaultMix = field(default_factory=FaultMix)
    clock: Callable[[], float] = time.monotonic
    seed: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - repeatable on purpose
        self.received = array("H", bytes(2 * self.chats))
        """How often a message was carried out, by chat."""
        self.requests = 0
        self._attempted = bytearray(self.chats)
        self._not_attempted = self.chats
        self.struck: dict[FaultKind, int] = dict.fromkeys(FaultKind, 0)
        self.paced = Paced(self.clock)

    @property
    def struck_timeouts(self) -> int:
        """Requests that got no answer."""
        return self.struck[FaultKind.TIMEOUT]

    def takes(self, method: str, chat_id: int | None) -> bool:
        """Whether a call is the sink's."""
        return method == "sendMessage" and chat_id is not None and 0 <= chat_id - FIRST_CHAT < self.chats

    def strike(self, chat_id: int) -> Fault | None:
        """Count a request; the fault that it meets."""
        self.requests += 1
        if self._not_attempted:
            self.paced.request()
        # What comes when every chat was tried once are second tries, at times of their own.
        self._not_attempted -= not self._attempted[chat_id - FIRST_CHAT]
        self._attempted[chat_id - FIRST_CHAT] = True
        if not self._not_attempted:
            self.paced.outage()
        kind = self._draw(chat_id - FIRST_CHAT)
        if kind is None:
            return None
        self.struck[kind] += 1
        if kind is FaultKind.TOO_MANY_REQUESTS:
            if self._not_attempted:
                self.paced.pause(self.mix.retry_after)
            return Fault(kind, retry_after=self.mix.retry_after)
        return Fault(kind, carried_out=kind is FaultKind.TIMEOUT and self._random.random() < 0.5)

    def send(self, chat_id: int) -> dict[str, object]:
        """Carry a message out; the Bot API's Message object."""
        self.received[chat_id - FIRST_CHAT] += 1
        chat = {"id": chat_id, "type": "private", "first_name": "Reader"}
        return {"message_id": self.received[chat_id - FIRST_CHAT], "date": 1_700_000_000, "chat": chat, "text": "·"}

    def _draw(self, chat: int) -> FaultKind | None:
        # The same chats in every process and after every restart.
        if (chat * 2_654_435_761 >> 7) % 10_000 < self.mix.blocked * 10_000:
            return FaultKind.BLOCKED
        point = self._random.random()
        for kind, share in (
            (FaultKind.TOO_MANY_REQUESTS, self.mix.too_many_requests),
            (FaultKind.SERVER_ERROR, self.mix.server_error),
            (FaultKind.TIMEOUT, self.mix.timeout),
        ):
            if point < share:
                return kind
            point -= share
        return None


class Paced:
    """How fast requests came outside of pauses and outages, and how many at most within any second."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last_second: deque[float] = deque()
        self._running_since: float | None = None
        self._resumes_at: float | None = None
        self.requests = 0
        """Requests that came while the sender was free to send."""
        self.seconds = 0.0
        """How long it was."""
        self.most_in_a_second = 0

    def request(self) -> None:
        """A request comes."""
        now = self._clock()
        self._last_second.append(now)
        while self._last_second[0] <= now - _WINDOW_S:
            self._last_second.popleft()
        self.most_in_a_second = max(self.most_in_a_second, len(self._last_second))
        if self._resumes_at is not None:
            if now < self._resumes_at:
                return
            self._running_since, self._resumes_at = self._resumes_at, None
        elif self._running_since is None:
            self._running_since = now
        self.requests += 1

    def pause(self, seconds: float) -> None:
        """The sender is told to wait so long from now."""
        now = self._clock()
        self._stop(now)
        self._resumes_at = max(self._resumes_at or 0.0, now + seconds)

    def outage(self) -> None:
        """The sender is gone: the next request begins anew."""
        self._stop(self._clock())
        self._resumes_at = None

    def _stop(self, now: float) -> None:
        if self._running_since is not None:
            self.seconds += now - self._running_since
        self._running_since = None
