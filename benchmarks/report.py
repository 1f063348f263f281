"""What a benchmark found: figures with baseline, ours and ratio; as a table, as JSON, as Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.table import Table

from benchmarks.machine import Machine
from benchmarks.timing import Spread

_COLUMNS: Final = ("figure", "against", "baseline", "ours", "ratio", "goal")
_WORDS: Final = ("figure", "against")


@dataclass(frozen=True)
class Goal:
    """What a ratio is meant to be; where there is none, ours."""

    bound: float
    at_least: bool = True

    def met(self, found: Spread) -> bool:
        """Whether the median keeps the bound."""
        return found.median >= self.bound if self.at_least else found.median <= self.bound

    def __str__(self) -> str:
        """As it is written: ≥ 4."""
        return f"{'≥' if self.at_least else '≤'} {self.bound:g}"


@dataclass(frozen=True)
class Figure:
    """One comparison; None where a machine cannot measure it."""

    name: str
    """Key in JSON, like seed_tokens_per_s."""
    label: str
    """What is measured, with its unit, for people."""
    against: str
    """What the baseline is."""
    baseline: Spread | None
    ours: Spread | None
    ratio: Spread | None
    """ours / baseline."""
    goal: Goal | None = None

    @classmethod
    def absolute(cls, name: str, label: str, values: Sequence[float], goal: Goal | None = None) -> "Figure":
        """A figure that is compared with nothing; no values: it could not be measured."""
        return cls(name, label, "", None, Spread.of(values) if values else None, None, goal)

    @property
    def met(self) -> bool | None:
        """Whether the goal was met; None where there is none, or nothing to hold it against."""
        found = self.ours if self.baseline is None else self.ratio
        return None if self.goal is None or found is None else self.goal.met(found)


@dataclass(frozen=True)
class Report:
    """What one benchmark found."""

    title: str
    command: str
    """The command that measured it."""
    machine: Machine
    notes: tuple[str, ...]
    """What a reader has to know, a sentence each."""
    figures: tuple[Figure, ...]


def as_json(report: Report) -> dict[str, Any]:
    """`machine`; `baseline`, `ours` and `ratio` by figure (medians); and `figures` with least, median and greatest."""
    return {
        "machine": report.machine.as_dict(),
        **{
            side: {figure.name: _median(getattr(figure, side)) for figure in report.figures}
            for side in ("baseline", "ours", "ratio")
        },
        "figures": {figure.name: _figure_json(figure) for figure in report.figures},
        "notes": list(report.notes),
        "command": report.command,
    }


def table(report: Report) -> Table:
    """The report for a terminal."""
    caption = "\n".join((*report.notes, f"{report.machine}."))
    result = Table(title=report.title, caption=caption, caption_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for column in _COLUMNS:
        result.add_column(column, justify="left" if column in _WORDS else "right")
    for figure in report.figures:
        result.add_row(*_cells(figure, "\n"))
    return result


def markdown(report: Report) -> str:
    """The report as a section of a document."""
    return "\n".join(
        (
            f"## {report.title}",
            "",
            f"`{report.command}`, {report.machine.date}.",
            "",
            f"Machine: {report.machine}.",
            "",
            *(f"- {note}" for note in report.notes),
            "",
            _markdown_row(_COLUMNS),
            _markdown_row(["---" if column in _WORDS else "---:" for column in _COLUMNS]),
            *(_markdown_row(_cells(figure, " ")) for figure in report.figures),
            "",
        )
    )


def _figure_json(figure: Figure) -> dict[str, Any]:
    return {
        "label": figure.label,
        "against": figure.against,
        **{side: _spread_json(getattr(figure, side)) for side in ("baseline", "ours", "ratio")},
        "goal": None if figure.goal is None else str(figure.goal),
        "met": figure.met,
    }


def _spread_json(spread: Spread | None) -> dict[str, float] | None:
    return None if spread is None else {"min": spread.minimum, "median": spread.median, "max": spread.maximum}


def _median(spread: Spread | None) -> float | None:
    return None if spread is None else spread.median


def _cells(figure: Figure, between: str) -> list[str]:
    """A row; `between` stands between a median and its spread."""
    goal = "" if figure.goal is None else str(figure.goal)
    if figure.met is not None:
        goal += " ✓" if figure.met else " ✗"
    values = [_shown(spread, between) for spread in (figure.baseline, figure.ours, figure.ratio)]
    return [figure.label, figure.against, *values, goal]


def _shown(spread: Spread | None, between: str) -> str:
    if spread is None:
        return "–"
    middle = _number(spread.median)
    if spread.minimum == spread.maximum:
        return middle
    return f"{middle}{between}({_number(spread.minimum)}–{_number(spread.maximum)})"


def _number(value: float) -> str:
    if abs(value) >= 100 or value == 0:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 20 else f"{value:.3f}"


def _markdown_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
