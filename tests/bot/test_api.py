"""Fetching updates, with a Bot API that is told what to answer."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

import pytest
from sqlalchemy.exc import OperationalError
from telegram.error import Conflict, NetworkError, TelegramError

from bot.api import UNREADABLE, TelegramBot, UnknownMethodError, make_bot, receive


class _Scripted:
    """Answers getUpdates from a script; when it is through, it waits for ever."""

    def __init__(self, *answers: list[int] | Exception) -> None:
        self.answers = list(answers)
        self.offsets: list[int | None] = []
        self.webhooks_deleted = 0
        self.through = asyncio.Event()

    async def fetch_updates(self, offset: int | None) -> list[dict[str, Any]]:
        self.offsets.append(offset)
        if not self.answers:
            self.through.set()
            await asyncio.Event().wait()
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return [{"update_id": number} for number in answer]

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

    async def run(scripted: _Scripted, refuses: Iterable[bool] = ()) -> list[int]:
        kept, refusals = list[int](), iter(refuses)

        async def keep(updates: Sequence[dict[str, Any]]) -> None:
            if next(refusals, False):
                raise OperationalError("INSERT", {}, Exception("database is locked"))
            kept.extend(update["update_id"] for update in updates)

        task = asyncio.create_task(receive(cast(TelegramBot, scripted), keep))
        await scripted.through.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return kept

    return run


async def test_each_answer_confirms_the_one_before(fetched: Callable[[_Scripted], Any], waits: list[float]) -> None:
    scripted = _Scripted([7, 9], [], [10])
    assert await fetched(scripted) == [7, 9, 10]
    assert scripted.offsets == [None, 10, 10, 11]


async def test_an_answer_out_of_order_is_confirmed_whole(
    fetched: Callable[[_Scripted], Any], waits: list[float]
) -> None:
    scripted = _Scripted([9, 7])
    assert await fetched(scripted) == [9, 7]
    assert scripted.offsets == [None, 10]


async def test_a_server_that_repeats_itself_is_not_asked_without_a_breath(
    fetched: Callable[[_Scripted], Any], waits: list[float]
) -> None:
    await fetched(_Scripted(*[[7]] * 3))
    assert len(waits) == 2


async def test_what_could_not_be_kept_is_not_confirmed(fetched: Callable[..., Any], waits: list[float]) -> None:
    scripted = _Scripted([7], [7, 8], [9])
    assert await fetched(scripted, refuses=[True, False]) == [7, 8, 9]
    assert scripted.offsets == [None, None, 9, 10]


@pytest.mark.parametrize("update", [1, {}, {"update_id": "x"}, None])
async def test_an_update_that_cannot_be_confirmed_is_no_answer(monkeypatch: pytest.MonkeyPatch, update: object) -> None:
    async def answer(*_: object, **__: object) -> list[object]:
        return [update]

    monkeypatch.setattr(TelegramBot, "_post", answer)
    with pytest.raises(UNREADABLE):
        await make_bot("123:abc", "http://127.0.0.1/bot").fetch_updates(None)


async def test_a_webhook_is_deleted_when_it_is_in_the_way(
    fetched: Callable[[_Scripted], Any], waits: list[float]
) -> None:
    conflict = Conflict("Conflict: can't use getUpdates method while webhook is active")
    scripted = _Scripted(conflict, [1], Conflict("Conflict: terminated by other getUpdates request"))
    assert await fetched(scripted) == [1]
    assert scripted.webhooks_deleted == 1


@pytest.mark.parametrize("error", [NetworkError("gone"), TelegramError("?"), KeyError("chat"), TypeError("x")])
async def test_nothing_ends_it_and_waits_grow(
    fetched: Callable[[_Scripted], Any], waits: list[float], error: Exception
) -> None:
    scripted = _Scripted(*[error] * 8, [1])
    assert await fetched(scripted) == [1]
    assert all(0.5 <= wait <= 30 for wait in waits)
    assert waits[0] <= 1 < waits[3] < waits[6]
