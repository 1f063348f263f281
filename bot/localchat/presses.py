"""Button presses that wait for the bot's answer."""

import uuid
from dataclasses import dataclass

from bot.localchat.errors import bad_request

LIFETIME = 900.0
"""Seconds in which a press can be answered. The real server names no number; its bots see about this."""


@dataclass(frozen=True, slots=True)
class Press:
    """Who pressed a button, and where."""

    chat_id: int
    user_id: int
    at: float


class Presses:
    """Presses by their query's id, oldest first."""

    def __init__(self) -> None:
        self._waiting: dict[str, Press] = {}

    def add(self, press: Press) -> str:
        """Keep a press; returns its query's id."""
        self._forget(press.at)
        query_id = query_id_made_up()
        self._waiting[query_id] = press
        return query_id

    def answered(self, query_id: str, now: float) -> Press:
        """The press, which can be answered once. Raises `ApiError` 400 when it is too late."""
        self._forget(now)
        press = self._waiting.pop(query_id, None)
        if press is None:
            raise bad_request("query is too old and response timeout expired or query ID is invalid")
        return press

    def _forget(self, now: float) -> None:
        while self._waiting and next(iter(self._waiting.values())).at < now - LIFETIME:
            del self._waiting[next(iter(self._waiting))]


def query_id_made_up() -> str:
    """An id as Telegram gives to queries: a number of 64 bits, written out."""
    return str(uuid.uuid4().int >> 64)
