"""What the measured figures come to: readers of a machine, hours of a broadcast. Arithmetic, no measurement."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Final

from benchmarks.report import Report

_POEMS_A_DAY: Final = 3
_BUSY_S: Final = 4 * 3_600
"""A reader's poems of a day are all asked for within four hours."""
_CHATS: Final = 1_000_000
_FREE: Final = 30.0
"""Messages a second that Telegram lets a bot send for nothing."""
_PAID: Final = 1_000.0


def capacity(reports: Sequence[Report]) -> str:
    """A section of the document; empty where nothing was measured that it could be computed from."""
    found = {figure.name: figure.ours.median for report in reports for figure in report.figures if figure.ours}
    rows = [*_readers(found), *_broadcasts(found)]
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
        (
            "commits a second that SQLite keeps at this rate, one or more an update",
            f"{updates:,.0f}",
        ),
    ]


def _broadcasts(found: Mapping[str, float]) -> list[tuple[str, str]]:
    if "broadcast_bot_cpu_ms" not in found:
        return []
    cpu = found["broadcast_bot_cpu_ms"] / 1_000
    return [
        (f"a daily poem to {_CHATS:,} chats at 30 a second: hours", f"{_CHATS / _FREE / 3_600:,.1f}"),
        ("the same at the paid 1,000 a second: minutes", f"{_CHATS / _PAID / 60:,.1f}"),
        ("its processor time: minutes of one core", f"{_CHATS * cpu / 60:,.0f}"),
        ("cores that 1,000 messages a second keep busy, one bot a core", f"{ceil(_PAID * cpu)}"),
    ]
