"""What the doctor finds."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a part of the set-up is."""

    WELL = "well"
    ILL = "ill"
    SKIPPED = "skipped"
    """Not there, and it need not be; or it could not be looked at."""


_MARKS = {State.WELL: "✓", State.ILL: "✗", State.SKIPPED: "–"}


@dataclass(frozen=True)
class Finding:
    """One part of the set-up, what was seen of it, and what to do about it."""

    check: str
    state: State
    found: str
    advice: str | None = None

    def as_line(self) -> str:
        """For a person."""
        advice = f" → {self.advice}" if self.advice else ""
        return f"{_MARKS[self.state]} {self.check:<10} {self.found}{advice}"

    def as_json(self) -> dict[str, str | None]:
        """For a program."""
        return {"check": self.check, "state": self.state.value, "found": self.found, "advice": self.advice}


def well(check: str, found: str) -> Finding:
    """Nothing is to be done."""
    return Finding(check, State.WELL, found)


def ill(check: str, found: str, advice: str) -> Finding:
    """Something does not work."""
    return Finding(check, State.ILL, found, advice)


def skipped(check: str, found: str, advice: str | None = None) -> Finding:
    """Nothing to look at."""
    return Finding(check, State.SKIPPED, found, advice)
