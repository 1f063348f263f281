"""Timing by interleaved repeats: A B C A B C …, so that a bad quarter of an hour falls on all that is compared."""

import argparse
import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Work = Callable[[], float]
"""Does some work and says how much it was (tokens, FLOP): a rate is work over seconds."""


@dataclass(frozen=True)
class Spread:
    """What repeats came to."""

    minimum: float
    median: float
    maximum: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """The spread of `values`; raises `ValueError` if there are none."""
        if not values:
            raise ValueError("no repeats, no spread")
        return cls(min(values), statistics.median(values), max(values))


def minutes(text: str) -> float:
    """A budget of time as argparse takes it: with nan a training does nothing, with infinity it never ends."""
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"must be above 0 and finite, found {text}")
    return value


def updates(text: str) -> int:
    """A number of updates as argparse takes it."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, found {text}")
    return value


def interleaved_rates(
    arms: Mapping[str, Work],
    rounds: int,
    *,
    clock: Callable[[], float] = time.perf_counter,
    settle: Callable[[], None] = lambda: None,
) -> dict[str, list[float]]:
    """Work per second of each arm in each of `rounds` rounds, after one round that is not counted.

    `settle` waits for work that a device still has in its queue; it is called before either reading of `clock`.
    """
    for work in arms.values():
        work()
    rates: dict[str, list[float]] = {name: [] for name in arms}
    for _ in range(rounds):
        for name, work in arms.items():
            settle()
            began = clock()
            done = work()
            settle()
            rates[name].append(done / (clock() - began))
    return rates


def ratios(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """Quotients round by round: rates of one round met the same machine, medians of different ones need not."""
    return [a / b for a, b in zip(above, below, strict=True)]
