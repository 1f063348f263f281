"""The report of a fine-tuning comes however long Telegram is away, and what is through does not come again."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from telegram import Bot
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, TimedOut

from bot.api import ServerFaultError, TooManyRequestsError
from bot.context import Services
from bot.jobs.learning import Administrators, Reporter
from bot.storage import Database
from bot.storage.learning import (
    REPORT_LEASE,
    Cause,
    JobState,
    Wish,
    begin_job,
    claim_report,
    end_job,
    shared_now,
    show_in,
)
from bot.transport import NotWrittenError

REPORT: dict[str, Any] = {
    "decision": "refused",
    "ratings": {"ratings": 2, "raters": 1},
    "verdict": {"passed": False, "failure": "it writes nonsense", "reasons": []},
    "curve": [[1, 1.0], [2, 0.5], [3, 0.4]],
    "pairs": [["月出。", "月落。"]],
}


class _Telegram:
    """What the bot asked for, and what came of it: an error for as long as `away` says one for the chat."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []
        self.arrived: list[tuple[str, int]] = []
        self.away: Callable[[str, int], Exception | None] = lambda *_: None

    async def send_message(self, chat_id: int, text: str, **_: object) -> None:
        self._call(text.split("\n", 1)[0][:1], chat_id)

    async def send_photo(self, chat_id: int, _: bytes, **__: object) -> None:
        self._call("picture", chat_id)

    async def edit_message_text(self, _: str, *, chat_id: int, **__: object) -> None:
        self._call("edit", chat_id)

    def _call(self, what: str, chat_id: int) -> None:
        self.asked.append((what, chat_id))
        if error := self.away(what, chat_id):
            raise error
        self.arrived.append((what, chat_id))


class _Scene:
    """A Telegram, and a clock that a test moves."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.telegram = _Telegram()
        self.time = 0.0
        self.reporter = self.another()

    def another(self) -> Reporter:
        """Another bot, or this one started again."""
        settings = SimpleNamespace(admins=frozenset({1, 2}))
        services = cast(Services, SimpleNamespace(database=self.database, settings=settings))
        bot = cast(Bot, self.telegram)
        return Reporter(bot, services, Administrators(bot, services), clock=lambda: self.time)

    async def look_after(self, seconds: float) -> None:
        self.time += seconds
        await self.reporter.look()


@pytest.fixture
def scene(database: Database) -> _Scene:
    return _Scene(database)


def _ended(database: Database, state: JobState, chat_id: int | None = 1) -> None:
    """A job that somebody asked for in a chat, or nobody, has ended."""
    database.transact(partial(begin_job, wish=Wish("job-1", Cause.ADMINISTRATOR, 1, chat_id)))
    known = {"report": REPORT, "version": "better"} if state == JobState.DONE else {"error": "the disk is full"}
    database.transact(partial(end_job, job_id="job-1", state=state, worker=None, known=known))


@pytest.mark.parametrize(
    "error",
    [NotWrittenError("no connection"), ServerFaultError("502"), TimedOut(), NetworkError("it broke"), InvalidToken()],
    ids=lambda error: type(error).__name__,
)
async def test_a_report_that_could_not_be_sent_comes_later_and_once(scene: _Scene, error: Exception) -> None:
    _ended(scene.database, JobState.FAILED)
    scene.telegram.away = lambda *_: error
    for _ in range(3):
        await scene.look_after(600)
    assert scene.telegram.asked == [("❌", 1)] * 3
    scene.telegram.away = lambda *_: None
    for _ in range(3):
        await scene.look_after(600)
    assert scene.telegram.arrived == [("❌", 1)]


async def test_it_waits_as_long_as_the_server_says(scene: _Scene) -> None:
    _ended(scene.database, JobState.FAILED)
    scene.telegram.away = lambda *_: TooManyRequestsError(600)
    await scene.look_after(0)
    scene.telegram.away = lambda *_: None
    await scene.look_after(599)
    assert scene.telegram.arrived == []
    await scene.look_after(1)
    assert scene.telegram.arrived == [("❌", 1)]


async def test_who_has_it_is_not_told_again_after_a_restart(scene: _Scene) -> None:
    _ended(scene.database, JobState.FAILED, chat_id=None)
    scene.telegram.away = lambda _, chat_id: NotWrittenError("no connection") if chat_id == 2 else None
    await scene.look_after(0)
    scene.telegram.away = lambda *_: None
    scene.reporter = scene.another()
    await scene.look_after(0)
    await scene.look_after(600)
    assert scene.telegram.arrived == [("❌", 1), ("❌", 2)]


@pytest.mark.parametrize("error", [Forbidden("blocked"), BadRequest("chat not found")])
async def test_what_is_refused_is_not_asked_for_again(scene: _Scene, error: Exception) -> None:
    _ended(scene.database, JobState.FAILED)
    scene.telegram.away = lambda *_: error
    for _ in range(3):
        await scene.look_after(600)
    assert scene.telegram.asked == [("❌", 1)]


@pytest.mark.parametrize("error", [TimedOut(), ServerFaultError("502")])
async def test_a_picture_that_fails_keeps_the_word_back_not_for_a_moment(scene: _Scene, error: Exception) -> None:
    _ended(scene.database, JobState.DONE)
    scene.database.transact(partial(show_in, job_id="job-1", message_id=7))
    scene.telegram.away = lambda what, _: error if what in ("edit", "picture") else None
    for _ in range(3):
        await scene.look_after(600)
    assert scene.telegram.asked == [("edit", 1), ("picture", 1), ("T", 1), ("🚫", 1)]


async def test_a_server_that_never_answers_does_not_fill_the_chat(scene: _Scene) -> None:
    _ended(scene.database, JobState.FAILED)
    scene.telegram.away = lambda *_: TimedOut()
    for _ in range(100):
        await scene.look_after(600)
    assert scene.telegram.asked == [("❌", 1)] * 13


async def test_of_two_bots_one_sends_it_and_if_that_dies_the_other(
    scene: _Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    _ended(scene.database, JobState.FAILED)
    assert scene.database.transact(partial(claim_report, job_id="job-1"))
    await scene.look_after(0)
    assert scene.telegram.asked == []

    def later(session: Session) -> Any:
        return shared_now(session) + REPORT_LEASE + timedelta(seconds=1)

    monkeypatch.setattr("bot.storage.learning.shared_now", later)
    await scene.look_after(0)
    assert scene.telegram.arrived == [("❌", 1)]


async def test_what_arrived_while_the_database_was_away_is_not_sent_again(
    scene: _Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    _ended(scene.database, JobState.FAILED)

    def locked(*_: object, **__: object) -> None:
        raise OperationalError("UPDATE", {}, Exception("database is locked"))

    with monkeypatch.context() as now_and_then:
        now_and_then.setattr("bot.jobs.learning.note_told", locked)
        with pytest.raises(OperationalError):
            await scene.look_after(0)
    with monkeypatch.context() as much_later:
        much_later.setattr("bot.storage.learning.REPORT_LEASE", timedelta(0))
        await scene.look_after(600)
        await scene.look_after(600)
    assert scene.telegram.arrived == [("❌", 1)]
