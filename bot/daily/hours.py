"""When a daily poem is due: a time of day in a reader's own zone, whatever its clocks do."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# 7:30, 07:30, 7.30, 0730, 7點30, 7點半, 7點, 7
_TIME: Final = re.compile(r"(\d{1,2})(?:[:.點点時时](?:(\d{1,2})分?|(半))?|(\d{2}))?")
# +8, -3:30, +0530, UTC+8, GMT-03:00
_OFFSET: Final = re.compile(r"(?:utc|gmt)?([+-])(\d{1,2})(?::?(\d{2}))?", re.IGNORECASE)
# The clocks of the world: from Baker Island to Kiritimati.
_WEST: Final = timedelta(hours=-12)
_EAST: Final = timedelta(hours=14)

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Hour:
    """A time of day in a zone. `zone` is an IANA name, or an offset such as +08:00."""

    minute: int
    """Minutes since midnight by the zone's clocks, 0 to 1439."""
    zone: str

    @property
    def clock(self) -> str:
        """The time of day as 07:30."""
        return f"{self.minute // 60:02}:{self.minute % 60:02}"


@dataclass(frozen=True)
class Due:
    """A day, and the moment (UTC) at which its poem is due."""

    day: date
    at: datetime


def minute_named(text: str) -> int | None:
    """Minutes since midnight for a time as readers type it (7:30, 0730, 7點半, ７：３０); None if it is none."""
    match = _TIME.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if match is None:
        return None
    hour, minute = int(match[1]), 30 if match[3] else int(match[2] or match[4] or 0)
    return hour * 60 + minute if hour < 24 and minute < 60 else None


def offset_named(text: str) -> str | None:
    """The zone that a fixed offset names (+8, UTC+5:30, -0330), written +08:00; None if it names none."""
    plain = unicodedata.normalize("NFKC", text).strip().replace("−", "-")
    if plain.lower() in {"utc", "gmt", "z"}:
        return "+00:00"
    match = _OFFSET.fullmatch(plain)
    if match is None or int(match[3] or 0) > 59:
        return None
    size = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    offset = -size if match[1] == "-" else size
    return _written(offset) if _WEST <= offset <= _EAST else None


def zone_of(name: str) -> tzinfo:
    """The zone of an `Hour`; raises `KeyError` for a name that the time zone database does not know."""
    match = _OFFSET.fullmatch(name)
    if match is not None:
        size = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
        return timezone(-size if match[1] == "-" else size)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise KeyError(name) from error


def due_on(day: date, hour: Hour) -> Due | None:
    """The day's poem; None for a day that the zone left out whole (Samoa had no 30 December 2011).

    A time that a day does not have, because the clocks are put forward over it, is as much later as they are put
    forward: 02:30 becomes 03:30. Of a time that comes twice the first counts.
    """
    at = _moment(day, hour)
    if at >= _moment(day + _DAY, hour):
        return None
    return Due(day, at)


def due_after(moment: datetime, hour: Hour) -> Due:
    """The first poem due after `moment`."""
    return next(_from(moment, hour))


def due_between(after: datetime, until: datetime, hour: Hour) -> Iterator[Due]:
    """All poems due after `after` and not after `until`, in their order."""
    for due in _from(after, hour):
        if due.at > until:
            return
        yield due


def _from(moment: datetime, hour: Hour) -> Iterator[Due]:
    # The day before too: a time that was put forward can fall behind midnight.
    day = moment.astimezone(zone_of(hour.zone)).date() - _DAY
    while True:
        due = due_on(day, hour)
        if due is not None and due.at > moment:
            yield due
        day += _DAY


def _moment(day: date, hour: Hour) -> datetime:
    # fold=0: the first of two, and by the clocks from before the gap.
    at = time(hour.minute // 60, hour.minute % 60, fold=0)
    return datetime.combine(day, at, zone_of(hour.zone)).astimezone(UTC)


def _written(offset: timedelta) -> str:
    minutes = round(offset.total_seconds() / 60)
    sign, size = ("-", -minutes) if minutes < 0 else ("+", minutes)
    return f"{sign}{size // 60:02}:{size % 60:02}"
