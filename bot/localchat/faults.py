"""Faults that a test or a soak run switches on: what goes wrong, for which calls, how often."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from bot.localchat.errors import ApiError, LocalChatError


class FaultKind(StrEnum):
    """What the caller meets."""

    TOO_MANY_REQUESTS = "too_many_requests"
    """429 with `parameters.retry_after`."""
    BLOCKED = "blocked"
    """403: the reader blocked the bot."""
    SERVER_ERROR = "server_error"
    """500."""
    TIMEOUT = "timeout"
    """No answer until `Faults.release` is called, the caller gives up, or the server stops; late if carried out."""
    DROPPED = "dropped"
    """The connection breaks before a byte of the answer."""
    UNKNOWN_METHOD = "unknown_method"
    """404, as from a server that does not know the method."""


_CAN_BE_CARRIED_OUT = frozenset({FaultKind.SERVER_ERROR, FaultKind.TIMEOUT, FaultKind.DROPPED})


@dataclass(frozen=True, slots=True, eq=False)
class Fault:
    """One fault. Immutable: to change it, remove it and add another.

    Raises `LocalChatError` when the fields contradict each other.
    """

    kind: FaultKind | str
    method: str = "*"
    """A Bot API method in any case, or * for all but getUpdates."""
    chat_id: int | None = None
    """Only calls for this chat; None: whatever the chat."""
    times: int | None = 1
    """How often it strikes; None: always."""
    skip: int = 0
    """Matching calls that pass unharmed first."""
    probability: float = 1.0
    """The share of matching calls it strikes, drawn from the seeded generator of `Faults`."""
    carried_out: bool = False
    """Whether the call takes effect all the same; for server_error, timeout and dropped."""
    retry_after: float = 1
    """Seconds, for too_many_requests."""

    def __post_init__(self) -> None:
        try:
            kind = FaultKind(self.kind)
        except ValueError:
            raise LocalChatError(f"There is no fault {self.kind!r}; choose from {', '.join(FaultKind)}.") from None
        if self.carried_out and kind not in _CAN_BE_CARRIED_OUT:
            raise LocalChatError(f"A call that ends in {kind} is never carried out.")
        if not 0.0 <= self.probability <= 1.0:
            raise LocalChatError(f"A probability lies between 0 and 1, not at {self.probability}.")

    def matches(self, method: str, chat_id: int | None) -> bool:
        asked, wanted = method.lower(), self.method.lower()
        right_method = asked == wanted or (wanted == "*" and asked != "getupdates")
        return right_method and self.chat_id in (None, chat_id)

    def error(self) -> ApiError:
        """The answer for the kinds that give one."""
        if self.kind == FaultKind.TOO_MANY_REQUESTS:
            return ApiError(429, f"Too Many Requests: retry after {self.retry_after:g}", retry_after=self.retry_after)
        if self.kind == FaultKind.BLOCKED:
            return ApiError(403, "Forbidden: bot was blocked by the user")
        if self.kind == FaultKind.UNKNOWN_METHOD:
            return ApiError(404, "Not Found")
        return ApiError(500, "Internal Server Error")


class Faults:
    """The faults switched on, tried in the order in which they were added; at most one strikes a call."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._active: dict[Fault, int] = {}
        self._release: list[Callable[[], None]] = []
        self.struck: Counter[Fault] = Counter()
        """How often each fault has struck, also after it ran out."""

    def add(self, fault: Fault) -> Fault:
        """Switch a fault on; returns it."""
        self._active[fault] = 0
        return fault

    def remove(self, fault: Fault) -> None:
        """Switch a fault off; one that has run out or was never on is no error."""
        self._active.pop(fault, None)

    def clear(self) -> None:
        """Switch all faults off. Calls that are being held stay held until `release`."""
        self._active.clear()

    def release(self) -> None:
        """Let go of the calls that a timeout holds: the late answers arrive now."""
        for let_go in self._release:
            let_go()
        self._release.clear()

    def on_release(self, let_go: Callable[[], None]) -> None:
        """Call this at the next `release`; the HTTP edge holds its answers with it."""
        self._release.append(let_go)

    def strike(self, method: str, chat_id: int | None) -> Fault | None:
        """The fault that this call meets, counted; None when it goes through."""
        for fault, seen in list(self._active.items()):
            if not fault.matches(method, chat_id):
                continue
            self._active[fault] = seen + 1
            if seen < fault.skip or self._random.random() >= fault.probability:
                continue
            self.struck[fault] += 1
            if fault.times is not None and self.struck[fault] >= fault.times:
                del self._active[fault]
            return fault
        return None
