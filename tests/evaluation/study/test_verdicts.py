"""Verdicts from literal curves: each claim confirmed, refuted and what lies between."""

import math
from collections.abc import Sequence
from typing import Any

import pytest

from poetcore.evaluation.study.record import ArmRecord, InitialisationLine, SizeLine
from poetcore.evaluation.study.verdicts import (
    adadelta_stops_high,
    adagrad_idles,
    adam_is_best,
    choice_of_size,
    equal_units_stay_equal,
    most_poems_fit,
    xavier_starts_well,
    zero_hardly_trains,
)
from tests.evaluation.study.conftest import record

ADAM = [6.0, 5.6, 5.4, 5.3, 5.25, 5.2]


def arms(**curves: Sequence[float] | ArmRecord) -> dict[str, ArmRecord]:
    """Records of all five optimisers; those not given fall from 6.5 to 6.2."""
    usual: dict[str, Any] = dict.fromkeys(("sgd", "adagrad", "adadelta", "adamw"), (6.5, 6.4, 6.3, 6.2))
    chosen = usual | {"adam": ADAM} | curves
    return {name: c if isinstance(c, ArmRecord) else record(name, c) for name, c in chosen.items()}


@pytest.mark.parametrize(
    ("curve", "outcome", "figures"),
    [
        ([7.0, 6.2, 6.1, 6.08, 6.06, 6.04], "confirmed", ("6% of", "7.000 to 6.100 to 6.040", "0.020 an epoch")),
        ([7.0, 6.5, 6.2, 6.15, 6.1, 6.0], "partly", ("20% of", "epochs 4 to 6")),
        ([7.0, 6.6, 6.2, 5.8, 5.4, 5.0], "refuted", ("60% of", "perplexity 493 to 148")),
        ([6.0, 6.0, 6.1, 6.1], "confirmed", ("did not improve at all between epoch 1 and epoch 4",)),
        ([6.0, 5.0, 4.0], "open", ("3 epochs are too few", "it takes 4")),
        ([], "open", ("0 epochs are too few",)),
    ],
)
def test_adagrad_in_its_second_half(curve: list[float], outcome: str, figures: tuple[str, ...]) -> None:
    verdict = adagrad_idles(arms(adagrad=curve))
    assert verdict.outcome == outcome
    for figure in figures:
        assert figure in verdict.text


def test_adagrad_is_seen_beside_adam() -> None:
    # Adam: 0.6 nats in epochs 2 and 3, 0.2 in epochs 4 to 6.
    text = adagrad_idles(arms(adagrad=[7.0, 6.2, 6.1, 6.08, 6.06, 6.04])).text
    assert "Adam's share is 25%, 0.067 nats an epoch." in text
    assert "Adam's" not in adagrad_idles(arms(adagrad=[7.0, 6.2, 6.1, 6.08], adam=[6.0])).text


@pytest.mark.parametrize(
    ("adadelta", "outcome", "words"),
    [
        (
            record("adadelta", [6.2, 6.0, 6.1, 6.1], "validation"),
            "confirmed",
            "Stopped early after epoch 4, best at epoch 2",
        ),
        (record("adadelta", [6.2, 6.1, 6.0]), "partly", "Not stopped early: its best of 3 epochs is epoch 3"),
        (record("adadelta", [5.3, 5.21, 5.3], "validation"), "refuted", "1.01 times"),
        (record("adadelta", [5.3, 5.1]), "refuted", "0.90 times the 181.3 of Adam"),
        (record("adadelta", [], "diverged"), "open", "no epoch ended"),
    ],
)
def test_adadelta_and_its_high_loss(adadelta: ArmRecord, outcome: str, words: str) -> None:
    verdict = adadelta_stops_high(arms(adadelta=adadelta))
    assert verdict.outcome == outcome
    assert words in verdict.text


@pytest.mark.parametrize(
    ("curves", "outcome", "words"),
    [
        ({"adagrad": [5.5]}, "confirmed", "Adam 181.3, AdaGrad 244.7, Adadelta 492.7; Adam is 25.9% below AdaGrad"),
        ({"adagrad": [5.205]}, "partly", "Adam is 0.5% below AdaGrad"),
        ({"adagrad": [5.195]}, "partly", "Adam is 0.5% above AdaGrad"),
        ({"adadelta": [5.0]}, "refuted", "Adadelta 148.4, Adam 181.3, AdaGrad 492.7; Adam is 22.1% above Adadelta"),
        ({"adam": []}, "open", "no epoch ended"),
    ],
)
def test_adam_beside_the_others(curves: dict[str, Sequence[float]], outcome: str, words: str) -> None:
    verdict = adam_is_best(arms(**curves))
    assert verdict.outcome == outcome
    assert words in verdict.text


def test_what_the_report_does_not_train_with_stands_beside_it() -> None:
    text = adam_is_best(arms(sgd=[5.0], adamw=[5.2])).text
    assert "Beside it, without curves in the report: SGD 148.4 (-18.1%), AdamW 181.3 (+0.0%)." in text


def line(arm: str, **changes: Any) -> InitialisationLine:
    values: dict[str, Any] = {
        "arm": arm,
        "label": {"adam": "Xavier"}.get(arm, arm),
        "units": 8,
        "distinct_units": 1 if arm in ("zero", "equal") else 8,
        "largest_difference": 0.0 if arm in ("zero", "equal") else 1.5,
        "largest_weight_difference": 0.0,
        "effective_rank": 1.0,
        "shut_gates": 0.0,
        "parameters": 1_000,
        "moved": 5 if arm == "zero" else 1_000,
        "first_loss": 7.0,
        "epoch": 2,
        "validation_cross_entropy": {"zero": 6.9, "equal": 6.5, "random": 9.0, "adam": 6.0}[arm],
    }
    return InitialisationLine(**values | changes)


def lines(**changes: dict[str, Any]) -> list[InitialisationLine]:
    return [line(arm, **changes.get(arm, {})) for arm in ("zero", "equal", "random", "adam")]


def test_equal_units_stay_equal_or_do_not() -> None:
    same = equal_units_stay_equal(lines())
    assert same.outcome == "confirmed"
    assert "zero 1 of 8, equal 1 of 8, random 8 of 8, Xavier 8 of 8." in same.text
    assert "zero 0, equal 0, random 1.500, Xavier 1.500." in same.text
    broken = {"distinct_units": 3, "largest_difference": 2e-5}
    assert equal_units_stay_equal(lines(equal=broken)).outcome == "partly"
    assert "equal 2.0e-05" in equal_units_stay_equal(lines(equal=broken)).text
    assert equal_units_stay_equal(lines(equal=broken, zero=broken)).outcome == "refuted"
    assert equal_units_stay_equal([line("adam")]).outcome == "open"


def test_zero_hardly_trains_or_does() -> None:
    still = zero_hardly_trains(lines())
    assert (still.outcome, "moved 5 of 1,000 parameters (0.50%)" in still.text) == ("confirmed", True)
    assert "only the output's biases learn" in still.text
    moving = zero_hardly_trains(lines(zero={"moved": 900}))
    assert (moving.outcome, "only the output's biases learn" in moving.text) == ("refuted", False)
    assert zero_hardly_trains(lines(zero={"moved": 200})).outcome == "partly"
    assert zero_hardly_trains([line("adam")]).outcome == "open"


def test_xavier_starts_well_or_does_not() -> None:
    well = xavier_starts_well(lines())
    assert (well.outcome, well.text) == (
        "confirmed",
        "Validation cross-entropy after epoch 2, in nats: zero 6.900, equal 6.500, random 9.000, Xavier 6.000.",
    )
    assert xavier_starts_well(lines(random={"validation_cross_entropy": 5.0})).outcome == "refuted"
    assert xavier_starts_well([line("adam")]).outcome == "open"


def size(value: int, bits: float | None, centre: bool = False, seconds: float = 10.0, whole: float = 0.6) -> SizeLine:
    return SizeLine(
        arm=f"length-{value}",
        value=value,
        centre=centre,
        whole_poems=whole,
        known_characters=0.9,
        parameters=100,
        perplexity=100.0,
        bits_per_hanzi=bits,
        tokens_per_second=1_000.0,
        seconds_per_epoch=seconds,
    )


def test_a_size_that_is_better_and_what_it_costs() -> None:
    better = choice_of_size("", "length", [size(30, 9.0), size(50, 8.5, centre=True), size(80, 8.4, seconds=12.0)])
    assert better.outcome == "measured"
    assert better.text == (
        "Bits per hanzi: 9.00 at 30, 8.50 at 50, 8.40 at 80; length 80 gains 0.10 bits over 50, for 1.20 times "
        "its seconds an epoch."
    )
    best = choice_of_size("", "length", [size(30, 9.0), size(50, 8.5, centre=True), size(80, 8.49)])
    assert best.text.endswith("none beats 50 by more than 0.02 bits.")
    assert choice_of_size("", "length", [size(30, 9.0), size(50, None, centre=True)]).outcome == "open"


@pytest.mark.parametrize(("whole", "outcome"), [(0.62, "confirmed"), (0.4, "refuted")])
def test_most_poems_fit(whole: float, outcome: str) -> None:
    verdict = most_poems_fit([size(30, 9.0, whole=0.1), size(50, 8.5, centre=True, whole=whole)])
    assert (verdict.outcome, verdict.text[:3]) == (outcome, f"{whole:.0%}")


def test_perplexity_is_e_to_the_nats() -> None:
    row = record("adam", [5.0]).rows[0]
    assert row.test_perplexity == pytest.approx(148.41, abs=0.01)
    assert record("adam", [800.0]).rows[0].test_perplexity == math.inf
