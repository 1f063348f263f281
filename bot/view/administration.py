"""What administrators see of readers, errors and of each other's deeds."""

from collections.abc import Sequence
from datetime import datetime

from bot.storage.models import AuditEntry, Failure
from bot.storage.statistics import Liked, Statistics
from bot.view.messages import Html, Say


def statistics_message(counted: Statistics, durations: Sequence[float], waiting: int, say: Say) -> Html:
    """The figures; `durations` are the seconds that the last poems took."""
    middle, slow = _quantiles(durations)
    parts = [
        say(
            "admin-stats",
            readers=counted.readers,
            active=counted.active,
            poems=counted.poems,
            today=counted.days[-1],
            ratings=counted.ratings.ratings,
            share=f"{counted.ratings.share:.0%}",
        ),
        say("admin-stats-composing", middle=middle, slow=slow, poems=len(durations), waiting=waiting),
        *_table("admin-stats-by-poet", counted.by_poet, say),
        *_table("admin-stats-by-form", counted.by_form, say),
    ]
    return Html("\n\n".join(parts))


def failures_message(failures: Sequence[Failure], say: Say) -> Html:
    """The last errors, each in two lines."""
    shown = [
        say(
            "admin-error",
            times=failure.times,
            kind=failure.kind,
            handler=failure.handler,
            place=failure.place,
            update="–" if failure.update_id is None else str(failure.update_id),
            at=_clock(failure.last_at),
        )
        for failure in failures
    ]
    return Html("\n\n".join([say("admin-errors"), *shown])) if shown else say("admin-no-errors")


def audit_message(entries: Sequence[AuditEntry], say: Say) -> Html:
    """The last deeds, a line each."""
    shown = [
        say("admin-deed", at=_clock(entry.at), who=entry.who, action=entry.action, subject=entry.subject or "")
        for entry in entries
    ]
    return Html("\n".join([say("admin-audit"), "", *shown])) if shown else say("admin-no-audit")


def _table(key: str, rows: Sequence[Liked], say: Say) -> list[Html]:
    lines = [say("admin-stats-row", name=row.name, share=f"{row.share:.0%}", ratings=row.ratings) for row in rows]
    return [Html("\n".join([say(key), *lines]))] if lines else []


def _quantiles(durations: Sequence[float]) -> list[str]:
    """The middle and the 95th of a hundred, in seconds; dashes without any."""
    ordered = sorted(durations)
    return [f"{ordered[int(len(ordered) * share)]:.2f}" if ordered else "–" for share in (0.5, 0.95)]


def _clock(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
