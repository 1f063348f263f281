"""How much one reader, and one group, may ask for: token buckets."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

# Inline mode asks again with each key, or every few of them.
_KEYS_A_REQUEST: Final = 4

# Buckets that are kept; one that is forgotten is a full one.
_MOST: Final = 10_000

Clock = Callable[[], float]


@dataclass(frozen=True)
class Refusal:
    """Too much was asked for."""

    wait_s: float
    """Seconds until there is something again."""
    is_first: bool
    """Whether this was not told before: the refusals that follow upon one another are told once."""


class Limits:
    """What readers and groups may still ask for. Forgotten with the process: the next one is generous for a minute."""

    def __init__(self, reader_per_minute: float, group_per_minute: float, clock: Clock = time.monotonic) -> None:
        """A minute's worth may come at once; 0 sets no limit."""
        self._readers = Buckets(reader_per_minute, clock)
        self._groups = Buckets(group_per_minute, clock)
        self._typing = Buckets(_KEYS_A_REQUEST * reader_per_minute, clock)

    def take(self, user_id: int, group_id: int | None = None, *, tells: bool = True) -> Refusal | None:
        """Let a reader ask for something, answered in a group if `group_id` is given; None if they may.

        tells: whether a refusal is told where all can read it, so that the next one need not be.
        """
        refusal = self._readers.take(user_id, tells=tells)
        if refusal is None and group_id is not None:
            refusal = self._groups.take(group_id, tells=tells)
        return refusal

    def take_inline(self, user_id: int) -> Refusal | None:
        """Let a reader type one more key of what they ask for in inline mode; None if they may."""
        return self._typing.take(user_id)


@dataclass
class _Bucket:
    tokens: float
    at: float
    was_told: bool = False


class Buckets:
    """One bucket a key: a minute's tokens, which come back at an even pace."""

    def __init__(self, per_minute: float, clock: Clock, most: int = _MOST) -> None:
        self._size = max(1.0, per_minute)
        self._per_s = per_minute / 60
        self._clock = clock
        self._most = most
        self._buckets: OrderedDict[int, _Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: int, *, tells: bool = True) -> Refusal | None:
        """Take a token; a refusal if there is none, which counts as told if it `tells`."""
        if not self._per_s:
            return None
        bucket = self._refilled(key)
        if bucket.tokens >= 1:
            bucket.tokens -= 1
            return None
        refusal = Refusal((1 - bucket.tokens) / self._per_s, not bucket.was_told)
        bucket.was_told = bucket.was_told or tells
        return refusal

    def _refilled(self, key: int) -> _Bucket:
        now = self._clock()
        bucket = self._buckets.setdefault(key, _Bucket(self._size, now))
        self._buckets.move_to_end(key)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        bucket.tokens = min(self._size, bucket.tokens + (now - bucket.at) * self._per_s)
        bucket.at = now
        # Whoever goes on asking gets a token now and then: that alone is no reason to tell them again.
        bucket.was_told = bucket.was_told and bucket.tokens < self._size / 2
        return bucket
