"""docs/benchmarks.md, written by `make bench` from what was measured."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from benchmarks.capacity import capacity
from benchmarks.report import Report, markdown

_INTRODUCTION: Final = """# Benchmarks

Written by `make bench`, last on {date}; nothing in here is typed by hand. Each section has its own date, each command
prints its own table too.
A rate is the median of interleaved repeats with the least and the greatest, a ratio is taken within a repeat:
ours over the baseline that the row names first.
"""


def document(reports: Sequence[Report], now: datetime) -> str:
    """The whole document."""
    parts = (_INTRODUCTION.format(date=f"{now:%Y-%m-%d}"), *map(markdown, reports), capacity(reports))
    return "\n".join(part for part in parts if part)
