"""What the measured figures come to: readers of a machine, hours of a broadcast. Arithmetic, no measurement."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Final

from benchmarks.report import Report
from bot.storage.subscriptions import MISSED_AFTER

_POEMS_A_DAY: Final = 3
_BUSY_S: Final = 4 * 3_600
"""A reader's poems of a day are all asked for within four hours."""
_CHATS: Final = 1_000_000
_FREE: Final = 30.0
"""Messages a second that Telegram lets a bot send for nothing."""
_PAID: Final = 1_000.0
_STARS: Final = 0.1
"""What Telegram takes for a paid message."""
_WEEKS: Final = 365.25 / 12 / 7
"""Of a month: the poet learns once in each."""


def capacity(reports: Sequence[Report]) -> str:
    """A section of the document; empty where nothing was measured that it could be computed from."""
    found = {figure.name: figure.ours.median for report in reports for figure in report.figures if figure.ours}
    rows = [*_readers(found), *_databases(found), *_broadcasts(found), *_learning(found)]
    if not rows:
        return ""
    head = (
        "## Capacity",
        "",
        "Computed from the sections above; [operations](operations.md#capacity) has what Telegram allows.",
        "",
        "| | |",
        "|---|---:|",
    )
    return "\n".join((*head, *(f"| {label} | {value} |" for label, value in rows), ""))


def _readers(found: Mapping[str, float]) -> list[tuple[str, str]]:
    if "load_poems_per_s" not in found:
        return []
    poems, updates = found["load_poems_per_s"], found["load_updates_per_s"]
    return [
        (
            f"readers of this machine, {_POEMS_A_DAY} poems a day within four hours",
            f"{poems * _BUSY_S / _POEMS_A_DAY:,.0f}",
        ),
        ("poems a day at this rate", f"{poems * 86_400:,.0f}"),
        (
            "such machines that answer as much as Telegram's free 30 messages a second carry",
            f"{ceil(_FREE / updates)}",
        ),
    ]


def _databases(found: Mapping[str, float]) -> list[tuple[str, str]]:
    """Where SQLite ends, and how many bots PostgreSQL carries; a bot is on one core of its own."""
    if "load_bot_cpu_ms" not in found:
        return []
    updates = 1_000 / found["load_bot_cpu_ms"]
    poems = found["load_poems_per_s"] / found["load_updates_per_s"] * updates
    rows = [("updates a second of one bot that has a core to itself", f"{updates:,.0f}")]
    if "database_sqlite_presses_per_s" in found:
        sqlite = found["database_sqlite_presses_per_s"]
        rows.append(("where SQLite ends, ratings a second: times what its one bot answers", _times(sqlite, updates)))
    if "database_postgresql_presses_per_s" in found:
        bots = max(1, int(found["database_postgresql_presses_per_s"] / updates))
        readers = bots * poems * _BUSY_S / _POEMS_A_DAY
        rows.append(("bots, a core each, until PostgreSQL on a machine like this one ends", f"{bots}"))
        rows.append((f"their readers, {_POEMS_A_DAY} poems a day within four hours", f"{readers:,.0f}"))
    return rows


def _times(rate: float, unit: float) -> str:
    return f"{rate:,.0f}, {rate / unit:.1f} ×"


def _broadcasts(found: Mapping[str, float]) -> list[tuple[str, str]]:
    if "broadcast_bot_cpu_ms" not in found:
        return []
    cpu = found["broadcast_bot_cpu_ms"] / 1_000
    return [
        (f"a daily poem to {_CHATS:,} chats at 30 a second: hours", f"{_CHATS / _FREE / 3_600:,.1f}"),
        (
            "chats that get it before it is six hours late and not sent",
            f"{_FREE * MISSED_AFTER.total_seconds():,.0f}",
        ),
        (f"a daily poem to {_CHATS:,} chats at the paid 1,000 a second: minutes", f"{_CHATS / _PAID / 60:,.1f}"),
        ("what that costs at most: Stars", f"{_CHATS * _STARS:,.0f}"),
        ("the processor time of either: minutes of one core", f"{_CHATS * cpu / 60:,.0f}"),
        ("cores that 1,000 messages a second keep busy, one bot a core", f"{ceil(_PAID * cpu)}"),
    ]


def _learning(found: Mapping[str, float]) -> list[tuple[str, str]]:
    if "finetune_s" not in found:
        return []
    hours = found["finetune_s"] * _WEEKS / 3_600
    return [("a fine-tune a week: hours a month of this machine, and of a GPU at most", f"{hours:,.2f}")]
