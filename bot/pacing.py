"""How fast the bot may send: one allowance for everything, in which answers to readers go before broadcasts."""

import asyncio
from collections import deque
from enum import IntEnum
from math import ceil
from typing import Final

# Telegram's limit is a count a second. Within it the bucket smooths: what a stall cost is made up a tenth faster,
# a tenth of a second's worth at once.
_WINDOW_S: Final = 1.0
_CATCHING_UP: Final = 1.1
_BURST_S: Final = 0.1


class Urgency(IntEnum):
    """What goes first; smaller is sooner."""

    ANSWER = 0
    BROADCAST = 1


class Allowance:
    """A token bucket inside a sliding second: in no second go more than `limit`, and they are spread over it.

    limit: sends a second, at least 1. Moments are seconds of any clock that does not go back; the caller reads it.
    """

    def __init__(self, limit: float) -> None:
        self._most = max(1, int(limit))
        self._rate = max(1.0, limit) * _CATCHING_UP
        self._burst = max(1.0, limit * _BURST_S)
        self._tokens = self._burst
        self._at: float | None = None
        self._sent: deque[float] = deque(maxlen=self._most)

    def take(self, now: float) -> bool:
        """Take leave to send one message at `now`; False if it must wait."""
        self._fill(now)
        if self._wait(now) > 0:
            return False
        self._tokens -= 1
        self._sent.append(now)
        return True

    def wait(self, now: float) -> float:
        """Seconds from `now` until the next message may go."""
        self._fill(now)
        return self._wait(now)

    def _fill(self, now: float) -> None:
        passed = max(0.0, now - self._at) if self._at is not None else 0.0
        self._tokens = min(self._burst, self._tokens + passed * self._rate)
        self._at = now if self._at is None else max(now, self._at)

    def _wait(self, now: float) -> float:
        # A hair under a whole token: the sum of many small parts is.
        for_token = 0.0 if self._tokens >= 1 - 1e-9 else (1 - self._tokens) / self._rate
        for_window = self._sent[0] + _WINDOW_S - now if len(self._sent) == self._most else 0.0
        return max(0.0, for_token, for_window)


class Pacer:
    """Gives everyone who wants to send their turn: by urgency, then in the order of asking.

    limit: sends a second; 0 lets everything through at once.
    """

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self.answers = 0
        """How many turns went to answers so far: what they take of a limit shared by several processes."""
        self._allowance = Allowance(limit) if limit > 0 else None
        self._waiting: dict[Urgency, deque[asyncio.Future[None]]] = {urgency: deque() for urgency in Urgency}
        self._timer: asyncio.TimerHandle | None = None

    async def turn(self, urgency: Urgency) -> None:
        """Wait for leave to send one message."""
        if urgency is Urgency.ANSWER:
            self.answers += 1
        if self._allowance is None:
            return
        loop = asyncio.get_running_loop()
        if self._is_first(urgency) and self._allowance.take(loop.time()):
            return
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting[urgency].append(turn)
        self._call_later(loop, self._allowance)
        await turn

    def _is_first(self, urgency: Urgency) -> bool:
        return not any(self._waiting[other] for other in Urgency if other <= urgency)

    def _call_later(self, loop: asyncio.AbstractEventLoop, allowance: Allowance) -> None:
        if self._timer is None:
            self._timer = loop.call_later(allowance.wait(loop.time()), self._call, loop, allowance)

    def _call(self, loop: asyncio.AbstractEventLoop, allowance: Allowance) -> None:
        """Call as many as may send now."""
        self._timer = None
        while (queue := self._next_queue()) is not None:
            if not allowance.take(loop.time()):
                self._call_later(loop, allowance)
                return
            queue.popleft().set_result(None)

    def _next_queue(self) -> "deque[asyncio.Future[None]] | None":
        for urgency in Urgency:
            queue = self._waiting[urgency]
            # Whoever gave up waiting takes nobody's turn.
            while queue and queue[0].done():
                queue.popleft()
            if queue:
                return queue
        return None


def at_once(limit: float, seconds: float) -> int:
    """How many messages go in so many seconds, at least one; for no limit, plenty."""
    return max(1, ceil(limit * seconds)) if limit > 0 else 50
