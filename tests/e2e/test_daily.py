"""The daily poem: set, due, sent once, missed, paused; as a reader sees it."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from bot.composing import Composes
from bot.context import services_of
from bot.jobs.daily import plan_what_is_due
from bot.storage.models import Broadcast, Delivery, Poem, Rating, Subscription
from bot.view.messages import say_for
from poetcore.generation import ComposeRequest
from poetcore.generation import Poem as ComposedPoem

if TYPE_CHECKING:
    from tests.e2e.conftest import Running, Start

SAY = say_for("en")


@pytest.fixture(autouse=True)
def _no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUEXIA_SENDS_PER_SECOND", "0")


def _due_since(bot: "Running", at: datetime) -> None:
    change = update(Subscription).values(next_at=at)
    bot.database.transact(lambda session: session.execute(change))


async def _subscribe_and_strike(bot: "Running") -> datetime:
    """Ask for a poem at the hour that was a minute ago, and let the clock strike; that hour."""
    due = (datetime.now(UTC) - timedelta(minutes=1)).replace(second=0, microsecond=0)
    await bot.answer_to(f"/daily {due:%H:%M} UTC")
    _due_since(bot, due)
    await _tick(bot)
    return due


async def _tick(bot: "Running", at: datetime | None = None) -> None:
    await plan_what_is_due(bot.database, at or datetime.now(UTC))
    services_of(bot.application).broadcaster.wake()


def _deliveries(bot: "Running") -> list[tuple[date, str]]:
    days = {row.id: row.day for row in bot.rows(Broadcast)}
    return [(days[row.broadcast_id], row.state) for row in bot.rows(Delivery)]


async def test_a_reader_sets_changes_pauses_and_stops_it(bot: "Running") -> None:
    assert "/daily 07:30 Berlin" in (await bot.answer_to("/daily")).text
    message = await bot.answer_to("/daily 07:30 柏林")
    assert "07:30 by the clocks of Europe/Berlin" in message.text
    assert "07:45 by the clocks of Europe/Berlin" in (await bot.answer_to("/daily ０７：４５")).text
    [row] = bot.rows(Subscription)
    assert (row.chat_id, row.user_id, row.minute, row.zone, row.paused) == (1, 1, 465, "Europe/Berlin", False)
    await bot.press(message, 0)
    assert message.text.startswith("Paused")
    assert bot.buttons(message) == ["▶️ Resume", "⏹ Stop"]
    await bot.press(message, 0)
    assert bot.buttons(message) == ["⏸ Pause", "⏹ Stop"]
    await bot.press(message, 1)
    assert message.text == SAY("daily-stopped")
    assert bot.rows(Subscription) == []


@pytest.mark.parametrize(
    ("words", "key"), [("soon", "daily-no-time"), ("25:00", "daily-no-time"), ("07:30 Nowhere<b>", "daily-no-city")]
)
async def test_what_is_no_hour_or_city_is_said(bot: "Running", words: str, key: str) -> None:
    answer = (await bot.answer_to(f"/daily {words}")).text
    assert answer.split("“")[0] == SAY(key, city="").split("“")[0].replace("<code>", "").replace("</code>", "")
    assert bot.rows(Subscription) == []


async def test_a_poem_comes_once_a_day_and_can_be_rated(bot: "Running") -> None:
    await _subscribe_and_strike(bot)
    await bot.telegram.wait_until(lambda: len(bot.answers) == 2)
    [poem] = bot.rows(Poem)
    message = bot.answers[-1]
    assert message.text.startswith(str(poem.asked_title))
    assert (poem.user_id, poem.chat_id) == (1, 1)
    await bot.press_data(message, message.keyboard[0][0].callback_data or "")
    assert [rating.value for rating in bot.rows(Rating)] == [1]
    assert [button.text for button in message.keyboard[0]] == ["👍 1", "👎", "⋯"]
    await bot.press(message, 2)
    assert [len(row) for row in message.keyboard][:2] == [3, 3]
    assert bot.buttons(message) == ["👍 1", "👎"]
    # Struck again by another process: one poem a day.
    await asyncio.gather(_tick(bot), _tick(bot))
    await bot.telegram.wait_until(lambda: [state for _, state in _deliveries(bot)] == ["sent"])
    assert len(bot.rows(Poem)) == 1
    [row] = bot.rows(Subscription)
    assert row.next_at > datetime.now(UTC)


async def test_what_a_bot_that_was_away_missed_is_skipped_and_taken_down(bot: "Running") -> None:
    today = (datetime.now(UTC) - timedelta(hours=1)).replace(second=0, microsecond=0)
    await bot.answer_to(f"/daily {today:%H:%M} +0")
    _due_since(bot, today - timedelta(days=2))
    await _tick(bot)
    await bot.telegram.wait_until(lambda: "sent" in [state for _, state in _deliveries(bot)])
    days = [(today - timedelta(days=ago)).date() for ago in (2, 1, 0)]
    assert _deliveries(bot) == list(zip(days, ("skipped", "skipped", "sent"), strict=True))


async def test_after_a_restart_it_is_neither_doubled_nor_skipped(start: "Start", plain_poet: Composes) -> None:
    async with start(plain_poet) as bot:
        due = await _subscribe_and_strike(bot)
        await bot.telegram.wait_until(lambda: len(bot.answers) == 2)
        await bot.telegram.wait_until(lambda: [state for _, state in _deliveries(bot)] == ["sent"])
        _due_since(bot, due - timedelta(days=1))
    async with start(plain_poet) as bot:
        await _tick(bot)
        await bot.answer_to("/help")
        assert len(bot.rows(Poem)) == 1
        assert sorted(state for _, state in _deliveries(bot)) == ["sent", "skipped"]


class _Fails:
    """A poet that cannot write some poems, and from time to time none."""

    def __init__(self, poet: Composes, times: int) -> None:
        self._poet, self._times = poet, times
        self.version = poet.version

    def compose(self, request: ComposeRequest) -> ComposedPoem:
        self._times -= 1
        if self._times >= 0:
            raise RuntimeError("broken")
        return self._poet.compose(request)


async def test_for_a_poem_that_cannot_be_written_another_comes(bot: "Running", plain_poet: Composes) -> None:
    services_of(bot.application).composer.swap(_Fails(plain_poet, times=2))
    await _subscribe_and_strike(bot)
    await bot.telegram.wait_until(lambda: len(bot.rows(Poem)) == 1 and len(bot.answers) == 2)


async def test_a_poet_that_writes_nothing_stops_no_broadcast_and_loses_no_poem(
    bot: "Running", plain_poet: Composes, caplog: pytest.LogCaptureFixture
) -> None:
    composer = services_of(bot.application).composer
    composer.swap(_Fails(plain_poet, times=10_000))
    await _subscribe_and_strike(bot)
    await bot.telegram.wait_until(lambda: "daily poems cannot be written" in caplog.text)
    assert [state for _, state in _deliveries(bot)] == ["pending"]
    composer.swap(plain_poet)
    services_of(bot.application).broadcaster.wake()
    await bot.telegram.wait_until(lambda: [state for _, state in _deliveries(bot)] == ["sent"])
