"""A broadcast to two thousand chats through a Telegram that fails, with the bot killed three times."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.bench.broadcast import Plan, measure
from bot.localchat import FaultMix


async def test_nothing_is_sent_twice_and_only_the_unknown_is_lost(
    make_poet: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YUEXIA_POET", str(make_poet("tiny")))
    mix = FaultMix(0.01, 0.01, 0.005, 0.002, retry_after=0.1)
    said: list[str] = []
    report = await measure(Plan(2_000, limit=300, kills=3, mix=mix, timeout=1.0, home=tmp_path), said.append)
    assert len(said) == 3
    assert (report.doubles, report.lost) == (0, 0)
    assert report.sent + report.unknown + report.refused == 2_000
    assert report.unknown <= report.timeouts + report.in_flight_at_kills
    # One chat in a hundred has blocked the bot.
    assert 10 <= report.refused <= 40
    assert "Traceback" not in (tmp_path / "bot.log").read_text()
