"""The settings of the poet that learns: what is read, and what is refused with a sentence."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.errors import BotSettingsError
from bot.learning_settings import trigger_of
from bot.settings import read_settings


@pytest.fixture(autouse=True)
def _no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A developer's .env is not what is tested."""
    monkeypatch.chdir(tmp_path)


def test_the_defaults() -> None:
    settings = read_settings(home="/srv/yuexia")
    assert settings.poets_folder == Path("/srv/yuexia/poets")
    assert (settings.learn_at, settings.learn_after, settings.promote) == ("0 4 * * 1", 500, "auto")


def test_they_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "POETS": "/mnt/poets",
        "DATA": "/mnt/data",
        "LEARN_AT": " 30  2 * * sun ",
        "LEARN_AFTER": "0",
        "PROMOTE": "ask",
        "GATE_BITS": "0.005",
    }
    for name, value in values.items():
        monkeypatch.setenv(f"YUEXIA_{name}", value)
    settings = read_settings()
    assert (settings.poets_folder, settings.data) == (Path("/mnt/poets"), Path("/mnt/data"))
    assert (settings.learn_at, settings.learn_after) == ("30 2 * * sun", 0)
    assert (settings.promote, settings.gate_bits) == ("ask", 0.005)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        (
            "YUEXIA_LEARN_AT",
            "on mondays",
            "is not a schedule; give five cron fields in UTC such as 0 4 * * 1, or never",
        ),
        ("YUEXIA_LEARN_AT", "61 4 * * 1", "is not a schedule"),
        ("YUEXIA_LEARN_AT", "0 4 * * 8", "is not a schedule"),
        ("YUEXIA_LEARN_AFTER", "-1", "is not a number of ratings"),
        ("YUEXIA_LEARN_LEAST", "many", "is not a number of ratings"),
        ("YUEXIA_PROMOTE", "yes", "is neither auto nor ask"),
        ("YUEXIA_GATE_BITS", "nan", "is not a bound"),
        ("YUEXIA_GATE_LATENCY", "fast", "is not a bound"),
    ],
)
def test_a_wrong_value_is_one_sentence(monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BotSettingsError, match=f"^{name} {re.escape(words)}"):
        read_settings()


@pytest.mark.parametrize(
    ("days", "of_the_week"),
    [
        ("*", "01234567"),
        ("0-6", "0123456"),
        ("sun-sat", "0123456"),
        ("0-7", "0123456"),
        ("1-5", "12345"),
        ("5-7", "560"),
        ("fri-sun", "560"),
        ("6-0", "60"),
        ("sat-SUN", "60"),
        ("7", "0"),
        ("mon,4", "14"),
        ("*/2", "0246"),
        ("1-7/3", "140"),
    ],
)
def test_days_are_read_as_cron_reads_them(days: str, of_the_week: str) -> None:
    trigger, sunday = trigger_of(f"0 4 * * {days}"), datetime(2026, 3, 1, tzinfo=UTC)
    hours = [sunday + timedelta(days=day, hours=4) for day in range(7)]
    fires = {day for day, hour in enumerate(hours) if trigger.get_next_fire_time(None, hour) == hour}
    assert fires == {int(day) % 7 for day in of_the_week}
