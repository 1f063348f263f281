"""Interleaving and its statistics, with a clock that the work itself moves."""

import pytest
import torch

from benchmarks.products import Product, ceiling_by_round
from benchmarks.timing import Spread, Work, interleaved_rates, ratios


class Clock:
    """Stands still but for `pass_time`."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def pass_time(self, seconds: float) -> None:
        self.now += seconds


def test_arms_take_turns_and_the_first_round_does_not_count() -> None:
    clock, calls = Clock(), list[str]()
    seconds = {"a": iter([50.0, 1.0, 2.0, 4.0]), "b": iter([50.0, 2.0, 2.0, 1.0])}

    def arm(name: str) -> Work:
        def work() -> float:
            calls.append(name)
            clock.pass_time(next(seconds[name]))
            return 8.0

        return work

    rates = interleaved_rates({"a": arm("a"), "b": arm("b")}, 3, clock=clock)
    assert "".join(calls) == "abababab"
    assert rates == {"a": [8.0, 4.0, 2.0], "b": [4.0, 4.0, 8.0]}
    assert ratios(rates["b"], rates["a"]) == [0.5, 1.0, 4.0]
    assert Spread.of(ratios(rates["b"], rates["a"])) == Spread(0.5, 1.0, 4.0)


def test_what_a_device_still_has_to_do_is_waited_for_within_the_time() -> None:
    clock, queued = Clock(), [0.0]

    def work() -> float:
        queued[0] += 5.0
        return 10.0

    def settle() -> None:
        clock.pass_time(queued[0])
        queued[0] = 0.0

    assert interleaved_rates({"a": work}, 2, clock=clock, settle=settle) == {"a": [2.0, 2.0]}


def test_a_spread_needs_values() -> None:
    with pytest.raises(ValueError, match="no repeats"):
        Spread.of([])
    assert Spread.of([3.0, 1.0, 2.0, 9.0]) == Spread(1.0, 2.5, 9.0)


def test_the_ceiling_is_the_median_size_on_a_cpu_and_the_best_on_a_gpu() -> None:
    products = [Product(1, 1, 1), Product(2, 2, 2), Product(3, 3, 3)]
    rates = {"float32 1x1x1": [1.0, 9.0], "float32 2x2x2": [5.0, 6.0], "float32 3x3x3": [7.0, 2.0]}
    assert ceiling_by_round(rates, products, torch.float32, torch.device("cpu")) == [5.0, 6.0]
    assert ceiling_by_round(rates, products, torch.float32, torch.device("cuda")) == [7.0, 9.0]
