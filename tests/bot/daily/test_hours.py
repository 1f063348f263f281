"""When a daily poem is due, by clocks that are put forward and back."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.daily.hours import Due, Hour, due_after, due_between, due_on, minute_named, offset_named, zone_of

ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "America/Nuuk",
    "Asia/Shanghai",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kwajalein",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Asia/Beirut",
    "Antarctica/Troll",
    "+08:00",
    "-03:30",
]
HOURS = st.builds(Hour, st.integers(0, 1439), st.sampled_from(ZONES))
DAYS = st.dates(date(1990, 1, 1), date(2037, 12, 30))
MOMENTS = st.integers(631_152_000, 2_114_380_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@pytest.mark.parametrize(
    ("text", "minute"),
    [
        ("07:30", 450),
        ("7:30", 450),
        ("7.30", 450),
        ("0730", 450),
        ("７：３０", 450),
        ("7點半", 450),
        ("7点30分", 450),
        ("7", 420),
        ("0:00", 0),
        ("23:59", 1439),
        ("24:00", None),
        ("7:60", None),
        ("07:30:00", None),
        ("half past seven", None),
        ("", None),
    ],
)
def test_times_as_readers_type_them(text: str, minute: int | None) -> None:
    assert minute_named(text) == minute


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("+8", "+08:00"),
        ("UTC+8", "+08:00"),
        ("gmt-03:30", "-03:30"),
        ("−5", "-05:00"),
        ("+0545", "+05:45"),
        ("+14", "+14:00"),
        ("+15", None),
        ("-13", None),
        ("+8:60", None),
        ("UTC", "+00:00"),
        ("Berlin", None),
        ("8", None),
    ],
)
def test_offsets_as_readers_type_them(text: str, zone: str | None) -> None:
    assert offset_named(text) == zone


@given(st.text())
def test_any_text_is_a_time_or_none(text: str) -> None:
    assert minute_named(text) is None or 0 <= (minute_named(text) or 0) < 1440
    assert offset_named(text) is None or zone_of(offset_named(text) or "") is not None


@pytest.mark.parametrize(
    ("day", "clock", "zone", "utc"),
    [
        # An ordinary day, in summer and in winter.
        (date(2026, 7, 1), "07:30", "Europe/Berlin", "2026-07-01 05:30"),
        (date(2026, 12, 1), "07:30", "Europe/Berlin", "2026-12-01 06:30"),
        # The night has no 02:30: an hour later by the clocks that go before, 03:30 by those that come.
        (date(2026, 3, 29), "02:30", "Europe/Berlin", "2026-03-29 01:30"),
        # The night has two: the first.
        (date(2026, 10, 25), "02:30", "Europe/Berlin", "2026-10-25 00:30"),
        # Half an hour's change.
        (date(2026, 10, 4), "02:15", "Australia/Lord_Howe", "2026-10-03 15:45"),
        (date(2026, 2, 17), "00:00", "+08:00", "2026-02-16 16:00"),
    ],
)
def test_the_moment_of_a_local_time(day: date, clock: str, zone: str, utc: str) -> None:
    hour = Hour(minute_named(clock) or 0, zone)
    assert due_on(day, hour) == Due(day, datetime.fromisoformat(utc).replace(tzinfo=UTC))


def test_a_day_that_a_zone_left_out_has_no_poem() -> None:
    hour = Hour(480, "Pacific/Apia")
    days = [due.day for due in due_between(_at("2011-12-28T00:00"), _at("2012-01-01T00:00"), hour)]
    assert days == [date(2011, 12, day) for day in (28, 29, 31)] + [date(2012, 1, 1)]


def test_a_zone_that_nobody_knows_is_said() -> None:
    with pytest.raises(KeyError):
        zone_of("Atlantis/Poseidonis")


@given(HOURS, DAYS)
def test_days_come_in_order_and_one_at_a_time(hour: Hour, day: date) -> None:
    today, tomorrow = due_on(day, hour), due_on(day + timedelta(days=1), hour)
    if today is not None and tomorrow is not None:
        assert timedelta(hours=20) < tomorrow.at - today.at < timedelta(hours=28)
    # Whatever is left out is a whole day, and its neighbour is not.
    assert today is not None or tomorrow is not None


@given(HOURS, DAYS)
def test_a_poem_comes_at_its_hour_or_later_by_the_gap(hour: Hour, day: date) -> None:
    due = due_on(day, hour)
    if due is not None:
        local = due.at.astimezone(zone_of(hour.zone)).replace(tzinfo=None)
        asked = datetime.combine(day, datetime.min.time()) + timedelta(minutes=hour.minute)
        assert timedelta(0) <= local - asked <= timedelta(hours=2)


@given(HOURS, MOMENTS, st.lists(st.integers(1, 5_000), max_size=12))
def test_no_day_is_doubled_or_skipped_however_the_ticks_fall(hour: Hour, start: datetime, minutes: list[int]) -> None:
    ticks = [start]
    for step in minutes:
        ticks.append(ticks[-1] + timedelta(minutes=step))
    seen = [due.day for before, after in pairwise(ticks) for due in due_between(before, after, hour)]
    assert seen == [due.day for due in due_between(ticks[0], ticks[-1], hour)]
    assert seen == sorted(set(seen))


@given(HOURS, MOMENTS)
def test_the_next_one_is_after_now_and_within_two_days(hour: Hour, moment: datetime) -> None:
    due = due_after(moment, hour)
    assert moment < due.at <= moment + timedelta(hours=52)
    assert list(due_between(moment, due.at, hour)) == [due]


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
