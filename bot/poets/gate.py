"""The gate: whether a challenger may serve, from its figures and those of the poet that serves now."""

from dataclasses import asdict, dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict


class Figures(BaseModel):
    """What is measured of one poet; shares lie between 0 and 1."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    bits_per_hanzi: float
    """On held-out poems, untitled."""
    format_share: float
    """Of free samples, those that keep their form."""
    rhyme_share: float
    tone_share: float
    distinct_2: float
    """Different pairs of neighbouring hanzi over all pairs."""
    copied_share: float
    """Of the samples' lines, those that stand in the corpus."""
    compose_ms: float
    """Median of one poem on one core, milliseconds."""


@dataclass(frozen=True)
class Limits:
    """How much worse than the champion a challenger may be."""

    bits: float = 0.01
    """Rise of bits per hanzi, relative."""
    form: float = 0.02
    """Fall of the shares of format, rhyme and tone, absolute."""
    diversity: float = 0.05
    """Fall of distinct-2, relative."""
    copied: float = 0.02
    """Rise of the share of copied lines, absolute."""
    latency: float = 1.5
    """Time of a poem, as a multiple of the champion's."""


@dataclass(frozen=True)
class Reason:
    """One comparison of the gate, whether it held or not."""

    figure: str
    before: float | None
    after: float
    bound: float
    """The worst value of `after` that passes."""
    passed: bool


@dataclass(frozen=True)
class Verdict:
    """What the gate says, with all its reasons."""

    passed: bool
    reasons: tuple[Reason, ...]
    failure: str | None = None
    """Why the challenger could not be measured at all."""

    def as_dict(self) -> dict[str, Any]:
        """As it is stored."""
        return {"passed": self.passed, "failure": self.failure, "reasons": [asdict(reason) for reason in self.reasons]}

    @classmethod
    def of(cls, stored: dict[str, Any]) -> "Verdict":
        """What `as_dict` made."""
        reasons = tuple(Reason(**reason) for reason in stored["reasons"])
        return cls(stored["passed"], reasons, stored["failure"])


def judge(before: Figures, after: Figures, limits: Limits) -> Verdict:
    """Compare a challenger's figures with the champion's; every comparison has to hold.

    Not a number never passes.
    """
    upper = {
        "bits_per_hanzi": before.bits_per_hanzi * (1 + limits.bits),
        "copied_share": before.copied_share + limits.copied,
        "compose_ms": before.compose_ms * limits.latency,
    }
    lower = {
        "format_share": before.format_share - limits.form,
        "rhyme_share": before.rhyme_share - limits.form,
        "tone_share": before.tone_share - limits.form,
        "distinct_2": before.distinct_2 * (1 - limits.diversity),
    }
    reasons = []
    for figure in Figures.model_fields:
        was, now = getattr(before, figure), getattr(after, figure)
        held = now <= upper[figure] if figure in upper else now >= lower[figure]
        reasons.append(Reason(figure, was, now, upper.get(figure, lower.get(figure, 0.0)), held))
    return Verdict(all(reason.passed for reason in reasons), tuple(reasons))


def unmeasured(failure: str) -> Verdict:
    """The verdict on a challenger that did not even compose."""
    return Verdict(passed=False, reasons=(), failure=failure)
