"""The settings of the poet that learns: where its versions are, when it learns, and how strict the gate is."""

import math
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from apscheduler.triggers.cron import CronTrigger
from pydantic import field_validator
from pydantic_settings import BaseSettings

NEVER: Final = "never"

_BOUNDS: Final = (
    *("gate_bits", "gate_form", "gate_diversity", "gate_copied", "gate_latency"),
    *("gate_founder_bits", "gate_founder_diversity"),
)

# cron counts days from Sunday, 0 or 7; APScheduler from Monday. Their names are the same.
_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")

# APScheduler reads the beginning of what it does not know: mon#2 as mon, jan-jun/2 as jan-jun.
_ITEM: Final = re.compile(r"(\*|[0-9]+(-[0-9]+)?)(/[0-9]+)?|[a-z]{3}(-[a-z]{3})?|last", re.IGNORECASE)
_DAY: Final = "[0-7]|" + "|".join(_DAYS[:-1])
_DAYS_ITEM: Final = re.compile(rf"(\*|(?P<first>{_DAY})(-(?P<last>{_DAY}))?)(/(?P<step>[1-7]))?", re.IGNORECASE)

# The calendar and its weekdays repeat after 400 years.
_CYCLE: Final = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2400, 1, 1, tzinfo=UTC))


def trigger_of(schedule: str) -> CronTrigger:
    """APScheduler's trigger for five cron fields in UTC; raises `ValueError` if they are none."""
    *rest, days = schedule.split()
    if not all(_ITEM.fullmatch(item) for field in rest for item in field.split(",")):
        raise ValueError("not as cron writes it")
    named = sorted({_DAYS[day] for item in days.split(",") for day in _days_of(item)})
    return CronTrigger.from_crontab(" ".join([*rest, ",".join(named)]), timezone=UTC)


def _days_of(item: str) -> range:
    """The days of one item of cron's last field, counted from Sunday, 0 or 7."""
    match = _DAYS_ITEM.fullmatch(item)
    if match is None:
        raise ValueError("not as cron writes days")
    step = int(match["step"] or 1)
    if match["first"] is None:
        return range(0, 7, step)
    first = _day(match["first"])
    last = _day(match["last"] or match["first"])
    # A week that ends on a Sunday: fri-sun.
    last = 7 if last == 0 < first else last
    if last < first or (match["step"] and not match["last"]):
        raise ValueError("not a span of days")
    return range(first, last + 1, step)


def _day(text: str) -> int:
    return int(text) if text.isdigit() else _DAYS.index(text.lower())


def _ever_fires(trigger: CronTrigger) -> bool:
    begin, trigger.end_date = _CYCLE
    return trigger.get_next_fire_time(None, begin) is not None


class LearningSettings(BaseSettings):
    """A part of `bot.settings.Settings`, which reads it."""

    poets: Path | None = None
    """Folder of the poet's versions, the same for the bot and its worker; without one, `poets` in YUEXIA_HOME."""

    data: Path | None = None
    """Folder made by `poet prepare`: the worker mixes its poems into every fine-tuning. The bot needs none."""

    learn_at: str = "0 4 * * 1"
    """When the poet learns, as five cron fields in UTC; or never. Without new ratings it does not."""

    learn_after: int = 500
    """Learn as soon as so many ratings are new; 0: at its hour only."""

    learn_least: int = 100
    """Fewer ratings than this in all are not learned from."""

    promote: Literal["auto", "ask"] = "auto"
    """What happens to a version that passes the gate: it serves at once, or waits for an administrator."""

    gate_bits: float = 0.01
    """By how much bits per hanzi may rise, as a share."""

    gate_form: float = 0.02
    """By how much the shares of poems that keep format, rhyme and tone may fall."""

    gate_diversity: float = 0.05
    """By how much distinct-2 may fall, as a share."""

    gate_copied: float = 0.02
    """By how much the share of lines copied from the corpus may rise."""

    gate_latency: float = 1.5
    """How many times as long a poem may take."""

    gate_founder_bits: float = 0.03
    """By how much bits per hanzi may rise in all generations together, as a share."""

    gate_founder_diversity: float = 0.1
    """By how much distinct-2 may fall in all generations together, as a share."""

    @field_validator("learn_at", mode="before")
    @classmethod
    def _is_a_schedule(cls, value: Any) -> Any:
        text = " ".join(str(value).split())
        if text == NEVER:
            return text
        try:
            trigger = trigger_of(text)
        except ValueError:
            raise ValueError("is not a schedule; give five cron fields in UTC such as 0 4 * * 1, or never") from None
        if not _ever_fires(trigger):
            raise ValueError("names a day that never comes; give one such as 0 4 * * 1, or never")
        return text

    @field_validator("learn_after", "learn_least", mode="before")
    @classmethod
    def _is_a_count(cls, value: Any) -> Any:
        text = str(value).strip()
        if not (text.isascii() and text.isdigit() and len(text) <= 9):
            raise ValueError("is not a number of ratings; give a whole number such as 500")
        return int(text)

    @field_validator("promote", mode="before")
    @classmethod
    def _is_auto_or_ask(cls, value: Any) -> Any:
        if value not in ("auto", "ask"):
            raise ValueError("is neither auto nor ask; give one of them")
        return value

    @field_validator(*_BOUNDS, mode="before")
    @classmethod
    def _is_a_bound(cls, value: Any) -> Any:
        try:
            bound = float(value)
        except (TypeError, ValueError):
            bound = math.nan
        if not 0 <= bound <= 100:
            raise ValueError("is not a bound; give a number such as 0.02")
        return bound
