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
    founder_bits: float = 0.03
    """Rise of bits per hanzi since the first of the line, relative: small losses of many generations add up."""
    founder_diversity: float = 0.10
    """Fall of distinct-2 since the first of the line, relative."""


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


def judge(before: Figures, after: Figures, limits: Limits, founder: Figures | None = None) -> Verdict:
    """Compare a challenger's figures with the champion's, and with its line's `founder`'s if that is another poet.

    Every comparison has to hold. Not a number never passes, nor does what was not measured.
    """
    if not all(poet.bits_per_hanzi > 0 and poet.distinct_2 > 0 for poet in (before, after)):
        return unmeasured("no poem of the validation split was measured; make the corpus anew with poet prepare")
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
    if founder is not None:
        reasons += _since(founder, after, limits)
    return Verdict(all(reason.passed for reason in reasons), tuple(reasons))


def _since(founder: Figures, after: Figures, limits: Limits) -> list[Reason]:
    """What all generations together have lost, of what each may lose a little of."""
    bits, least = (
        founder.bits_per_hanzi * (1 + limits.founder_bits),
        founder.distinct_2 * (1 - limits.founder_diversity),
    )
    return [
        Reason("founder_bits", founder.bits_per_hanzi, after.bits_per_hanzi, bits, after.bits_per_hanzi <= bits),
        Reason("founder_variety", founder.distinct_2, after.distinct_2, least, after.distinct_2 >= least),
    ]


def unmeasured(failure: str) -> Verdict:
    """The verdict on a challenger that did not even compose."""
    return Verdict(passed=False, reasons=(), failure=failure)
