"""What the figures say of the report's claims: pure functions from records and tables to sentences.

The bounds that decide are constants here and stand in the sentences: no verdict is typed by hand.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from poetcore.evaluation.study.markup import small
from poetcore.evaluation.study.plan import CENTRE
from poetcore.evaluation.study.record import ArmRecord, EpochRow, InitialisationLine, Outcome, SizeLine, Verdict

_IDLE: Final = 0.10
_HALF_IDLE: Final = 0.25
"""Shares of an optimiser's improvement that fall in the second half of its epochs."""
_HIGH: Final = 1.2
"""A perplexity this many times the lowest is high."""
_TIE: Final = 0.01
"""Perplexities this share apart are equal: another seed moves them as much."""
_TIE_BITS: Final = 0.02
"""The same for bits per hanzi."""
_FEWEST_EPOCHS: Final = 4

REPORTED: Final = ("adagrad", "adadelta", "adam")
"""The optimisers that the report trains with."""
_OURS: Final = ("sgd", "adamw")


def adagrad_idles(arms: Mapping[str, ArmRecord]) -> Verdict:
    """The report: AdaGrad's cross-entropy hardly falls in the second half."""
    claim = "AdaGrad “almost learned nothing” in the second half of the process."
    rows = arms["adagrad"].rows
    if len(rows) < _FEWEST_EPOCHS:
        return Verdict(claim=claim, outcome="open", text=_too_few(rows))
    first, second = _falls(rows)
    if first + second <= 0:
        text = f"AdaGrad did not improve at all between epoch {rows[0].epoch} and epoch {rows[-1].epoch}."
        return Verdict(claim=claim, outcome="confirmed", text=text)
    share = second / (first + second)
    outcome: Outcome = "confirmed" if share < _IDLE else "partly" if share < _HALF_IDLE else "refuted"
    middle, steps = len(rows) // 2, len(rows) - len(rows) // 2
    text = (
        f"{share:.0%} of its improvement after epoch 1 falls in epochs {rows[middle].epoch} to {rows[-1].epoch}: test "
        f"cross-entropy went from {rows[0].test_cross_entropy:.3f} to {rows[middle - 1].test_cross_entropy:.3f} to "
        f"{rows[-1].test_cross_entropy:.3f} nats, {second / steps:.3f} an epoch in the second half "
        f"(perplexity {rows[middle - 1].test_perplexity:.0f} to {rows[-1].test_perplexity:.0f})."
    )
    return Verdict(claim=claim, outcome=outcome, text=f"{text}{_beside(arms[CENTRE].rows)} {_idle_bounds()}")


def adadelta_stops_high(arms: Mapping[str, ArmRecord]) -> Verdict:
    """The report: Adadelta is stopped early, at a large loss."""
    claim = "Adadelta's training stops because the cross-entropy begins to rise, but “the value is still large”."
    adadelta = arms["adadelta"]
    others = {name: arms[name].best for name in (*REPORTED, *_OURS) if name != "adadelta"}
    rivals = {name: row for name, row in others.items() if row is not None}
    if adadelta.best is None or not rivals:
        return Verdict(claim=claim, outcome="open", text="There is nothing to compare: no epoch ended.")
    ours, (rival, lowest) = adadelta.best, min(rivals.items(), key=lambda pair: pair[1].test_cross_entropy)
    ratio = ours.test_perplexity / lowest.test_perplexity
    stopped, high = adadelta.stopped == "validation", ratio >= _HIGH
    how = (
        f"Stopped early after epoch {adadelta.rows[-1].epoch}, best at epoch {ours.epoch}"
        if stopped
        else f"Not stopped early: its best of {len(adadelta.rows)} epochs is epoch {ours.epoch}"
    )
    text = (
        f"{how}, test perplexity {ours.test_perplexity:.1f}: {ratio:.2f} times the {lowest.test_perplexity:.1f} of "
        f"{arms[rival].label} (high means {_HIGH} times or more)."
    )
    return Verdict(claim=claim, outcome=_both(stopped, high) if high else "refuted", text=text)


def adam_is_best(arms: Mapping[str, ArmRecord]) -> Verdict:
    """The report: of the optimisers that it trains with, Adam gives the lowest loss."""
    claim = "Adam does better than AdaGrad and Adadelta."
    found = {name: arm.best for name, arm in arms.items() if name in (*REPORTED, *_OURS)}
    best = {name: row.test_perplexity for name, row in found.items() if row is not None}
    rivals = [name for name in REPORTED if name != CENTRE and name in best]
    if CENTRE not in best or not rivals:
        return Verdict(claim=claim, outcome="open", text="There is nothing to compare: no epoch ended.")
    adam, rival = best[CENTRE], min(rivals, key=best.__getitem__)
    ahead = 1 - adam / best[rival]
    outcome: Outcome = "confirmed" if ahead > _TIE else "partly" if ahead >= -_TIE else "refuted"
    order = sorted((CENTRE, *rivals), key=best.__getitem__)
    ranking = ", ".join(f"{arms[name].label} {best[name]:.1f}" for name in order)
    ours = ", ".join(
        f"{arms[name].label} {best[name]:.1f} ({best[name] / adam - 1:+.1%})" for name in _OURS if name in best
    )
    text = (
        f"Test perplexity at the best epoch: {ranking}; Adam is {abs(ahead):.1%} {'below' if ahead > 0 else 'above'} "
        f"{arms[rival].label}, and less than {_TIE:.0%} counts as equal."
    )
    beside = f" Beside it, without curves in the report: {ours}." if ours else ""
    return Verdict(claim=claim, outcome=outcome, text=text + beside)


def equal_units_stay_equal(lines: Sequence[InitialisationLine]) -> Verdict:
    """The report: units that begin the same stay the same."""
    claim = "Initialised the same, “our outputs will always be exactly the same for each neuron”, as if there were one."
    by_arm = {line.arm: line for line in lines}
    if not {"zero", "equal"} <= by_arm.keys():
        return Verdict(claim=claim, outcome="open", text="There is nothing to compare: no epoch ended.")
    same = [by_arm[name].distinct_units == 1 for name in ("zero", "equal")]
    counts = ", ".join(f"{line.label} {line.distinct_units} of {line.units}" for line in lines)
    differences = ", ".join(f"{line.label} {small(line.largest_difference)}" for line in lines)
    text = (
        f"Units that are distinct after training: {counts}. Largest difference between the activations of two units: "
        f"{differences}."
    )
    return Verdict(claim=claim, outcome=_both(*same), text=text)


def zero_hardly_trains(lines: Sequence[InitialisationLine]) -> Verdict:
    """The report: from zero sometimes nothing trains at all."""
    claim = "“Sometimes nothing will train at all”, depending on the activation function."
    line = next((line for line in lines if line.arm == "zero"), None)
    if line is None:
        return Verdict(claim=claim, outcome="open", text="There is nothing to tell it from: no epoch ended.")
    share = line.moved / line.parameters
    outcome: Outcome = "confirmed" if share < 0.01 else "partly" if share < 0.5 else "refuted"
    text = (
        f"From zero, training moved {line.moved:,} of {line.parameters:,} parameters ({share:.2%}). Where h and the "
        "output weights are zero, so are the gradients of both; only the output's biases learn, which is how often "
        "each character comes, whatever stands before it."
    )
    if outcome != "confirmed":
        text = f"From zero, training moved {line.moved:,} of {line.parameters:,} parameters ({share:.2%})."
    return Verdict(claim=claim, outcome=outcome, text=text)


def xavier_starts_well(lines: Sequence[InitialisationLine]) -> Verdict:
    """The report: Xavier is a good starting point."""
    claim = "Xavier initialisation “serves as a good starting point”."
    measured = {line.arm: line.validation_cross_entropy for line in lines if line.validation_cross_entropy is not None}
    if CENTRE not in measured or len(measured) == 1:
        return Verdict(claim=claim, outcome="open", text="There is nothing to compare: no epoch ended.")
    epoch = next(line.epoch for line in lines if line.arm == CENTRE)
    figures = ", ".join(
        f"{line.label} {line.validation_cross_entropy:.3f}"
        for line in lines
        if line.validation_cross_entropy is not None
    )
    best = min(measured, key=measured.__getitem__) == CENTRE
    text = f"Validation cross-entropy after epoch {epoch}, in nats: {figures}."
    return Verdict(claim=claim, outcome="confirmed" if best else "refuted", text=text)


def most_poems_fit(lines: Sequence[SizeLine]) -> Verdict:
    """The report: most poems are no longer than its sequences."""
    centre = next(line for line in lines if line.centre)
    return Verdict(
        claim="“The length of most poems in dataset will [be] no more than 50.”",
        outcome="confirmed" if centre.whole_poems > 0.5 else "refuted",
        text=f"{centre.whole_poems:.0%} of the training poems fit whole into {centre.value}, start and end counted.",
    )


def choice_of_size(claim: str, what: str, lines: Sequence[SizeLine]) -> Verdict:
    """How the centre's value of one size does beside the others; no claim of the report is at stake."""
    measured = {line.value: line for line in lines if line.bits_per_hanzi is not None}
    centre = next(line for line in lines if line.centre)
    if centre.bits_per_hanzi is None or len(measured) == 1:
        return Verdict(claim=claim, outcome="open", text="There is nothing to compare: no epoch ended.")
    figures = ", ".join(f"{line.bits_per_hanzi:.2f} at {value:,}" for value, line in measured.items())
    best = min(measured.values(), key=lambda line: line.bits_per_hanzi or 0.0)
    gain = centre.bits_per_hanzi - (best.bits_per_hanzi or 0.0)
    if gain <= _TIE_BITS:
        end = f"none beats {centre.value:,} by more than {_TIE_BITS} bits."
    else:
        end = f"{what} {best.value:,} gains {gain:.2f} bits over {centre.value:,}{_price(best, centre)}."
    return Verdict(claim=claim, outcome="measured", text=f"Bits per hanzi: {figures}; {end}")


def _price(line: SizeLine, centre: SizeLine) -> str:
    if not line.seconds_per_epoch or not centre.seconds_per_epoch:
        return ""
    return f", for {line.seconds_per_epoch / centre.seconds_per_epoch:.2f} times its seconds an epoch"


def _falls(rows: Sequence[EpochRow]) -> tuple[float, float]:
    """How far test cross-entropy fell in the first half of the epochs, and in the second; nats."""
    middle = len(rows) // 2
    first, between, last = (rows[index].test_cross_entropy for index in (0, middle - 1, -1))
    return first - between, between - last


def _beside(rows: Sequence[EpochRow]) -> str:
    """The same share for Adam, so that the reader sees what is usual."""
    if len(rows) < _FEWEST_EPOCHS or sum(_falls(rows)) <= 0:
        return ""
    first, second = _falls(rows)
    return (
        f" Adam's share is {second / (first + second):.0%}, {second / (len(rows) - len(rows) // 2):.3f} nats an epoch."
    )


def _idle_bounds() -> str:
    return f"Under {_IDLE:.0%} counts as idle, under {_HALF_IDLE:.0%} as partly so."


def _both(*holds: bool) -> Outcome:
    return "confirmed" if all(holds) else "partly" if any(holds) else "refuted"


def _too_few(rows: Sequence[EpochRow]) -> str:
    return f"{len(rows)} epochs are too few to have halves: it takes {_FEWEST_EPOCHS}."
