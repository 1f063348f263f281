"""Fetching updates, with a Bot API that is told what to answer."""

import asyncio
import json
from collections.abc import Callable
from typing import Any, cast

import pytest
from telegram import Bot, Update
from telegram.error import Conflict, NetworkError, TelegramError

from bot.api import UNREADABLE, UnknownMethodError, UpdatesRequest, receive


class _Scripted:
    """Answers getUpdates from a script; when it is through, it waits for ever."""

    def __init__(self, *answers: list[Update] | Exception) -> None:
        self.answers = list(answers)
        self.offsets: list[int | None] = []
        self.webhooks_deleted = 0
        self.through = asyncio.Event()

    async def get_updates(self, offset: int | None, **_: Any) -> list[Update]:
        self.offsets.append(offset)
        if not self.answers:
            self.through.set()
            await asyncio.Event().wait()
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def delete_webhook(self) -> bool:
        self.webhooks_deleted += 1
        raise UnknownMethodError("the server does not know deleteWebhook")


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits between requests, which here take no time."""
    asked: list[float] = []

    async def note(seconds: float) -> None:
        asked.append(seconds)

    monkeypatch.setattr("bot.api.sleep", note)
    return asked


@pytest.fixture
def fetched() -> Callable[[_Scripted], Any]:
    """Fetch until the script is through; the ids of the updates."""

    async def run(scripted: _Scripted) -> list[int]:
        queue: asyncio.Queue[object] = asyncio.Queue()
        task = asyncio.create_task(receive(cast(Bot, scripted), queue))
        await scripted.through.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return [cast(Update, queue.get_nowait()).update_id for _ in range(queue.qsize())]

    return run


async def test_each_answer_confirms_the_one_before(fetched: Callable[[_Scripted], Any], waits: list[float]) -> None:
    scripted = _Scripted([Update(7), Update(9)], [], [Update(10)])
    assert await fetched(scripted) == [7, 9, 10]
    assert scripted.offsets == [None, 10, 10, 11]


async def test_an_answer_out_of_order_is_confirmed_whole(
    fetched: Callable[[_Scripted], Any], waits: list[float]
) -> None:
    scripted = _Scripted([Update(9), Update(7)])
    assert await fetched(scripted) == [9, 7]
    assert scripted.offsets == [None, 10]


async def test_a_server_that_repeats_itself_is_not_asked_without_a_breath(
    fetched: Callable[[_Scripted], Any], waits: list[float]
) -> None:
    await fetched(_Scripted(*[[Update(7)]] * 3))
    assert len(waits) == 2


def test_an_update_that_cannot_be_read_does_not_hide_the_others() -> None:
    updates = [
        {"update_id": 1, "message": {"message_id": 1}},
        {"update_id": 2, "message": {"message_id": 1, "date": 10**20, "chat": {"id": 1, "type": "private"}}},
        {"update_id": 3, "message": {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}, "text": "月"}},
        {"update_id": 4, "callback_query": 5},
    ]
    answer = UpdatesRequest.parse_json_payload(json.dumps({"ok": True, "result": updates}).encode())
    assert answer["result"] == [{"update_id": 1}, {"update_id": 2}, updates[2], {"update_id": 4}]


@pytest.mark.parametrize("update", [1, {}, {"update_id": "x"}, None])
def test_an_update_that_cannot_be_confirmed_is_no_answer(update: object) -> None:
    with pytest.raises(UNREADABLE):
        UpdatesRequest.parse_json_payload(json.dumps({"ok": True, "result": [update]}).encode())


async def test_a_webhook_is_deleted_when_it_is_in_the_way(
    fetched: Callable[[_Scripted], Any], waits: list[float]
) -> None:
    conflict = Conflict("Conflict: can't use getUpdates method while webhook is active")
    scripted = _Scripted(conflict, [Update(1)], Conflict("Conflict: terminated by other getUpdates request"))
    assert await fetched(scripted) == [1]
    assert scripted.webhooks_deleted == 1


@pytest.mark.parametrize("error", [NetworkError("gone"), TelegramError("?"), KeyError("chat"), TypeError("x")])
async def test_nothing_ends_it_and_waits_grow(
    fetched: Callable[[_Scripted], Any], waits: list[float], error: Exception
) -> None:
    scripted = _Scripted(*[error] * 8, [Update(1)])
    assert await fetched(scripted) == [1]
    assert all(0.5 <= wait <= 30 for wait in waits)
    assert waits[0] <= 1 < waits[3] < waits[6]
