"""The figures of a simulation as a table."""

from collections.abc import Mapping, Sequence
from typing import Any

Figures = Mapping[str, Any]


def table(before: Figures, arms: Mapping[str, Sequence[Figures]]) -> str:
    """The figures of each arm in Markdown: likes round by round, the rest after the last; a row for `before`."""
    rows = [
        "| arm | liked, round by round | bits per hanzi | distinct-2 | format, tone, rhyme |",
        "|---|---|---:|---:|---:|",
        _row("the poet before", [before], before),
        *(_row(f"`{name}`", rounds, before) for name, rounds in arms.items()),
    ]
    return "\n".join(rows) + "\n"


def _row(name: str, rounds: Sequence[Figures], before: Figures) -> str:
    last = rounds[-1]
    liked = " → ".join(f"{figures['liked_share']:.1%}" for figures in rounds)
    changes = {key: f"{last[key] / before[key] - 1:+.1%}" for key in ("bits_per_hanzi", "distinct_2")}
    bits = f"{last['bits_per_hanzi']:.3f} ({changes['bits_per_hanzi']})"
    return (
        f"| {name} | {liked} | {bits} | {last['distinct_2']:.3f} ({changes['distinct_2']}) | {last['all_three']:.1%} |"
    )
