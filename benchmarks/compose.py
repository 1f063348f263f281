"""`poet bench compose`: how fast poems are written, beside a naive loop and what the machine could do at best."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.machine import this_machine
from benchmarks.naive_decoding import NaiveDecoder
from benchmarks.report import Figure, Goal, Report
from benchmarks.timing import Spread, interleaved_rates, ratios
from poetcore.errors import PoetcoreError
from poetcore.generation import ComposeRequest, Poet
from poetcore.generation.arithmetic import quantised_arithmetic
from poetcore.generation.candidates import Frame
from poetcore.generation.decoding import Drafts, decode
from poetcore.generation.engine import Condition
from poetcore.generation.frames import framed
from poetcore.generation.plan import plan
from poetcore.generation.poet import PRETRAINED
from poetcore.generation.products import Tokens
from poetcore.nn.context import form_id
from poetcore.package import read_package
from poetcore.prosody import FORMS, Form

Say = Callable[[str], None]

_CHECKOUT: Final = Path(__file__).resolve().parents[1]
_CANDIDATES: Final = 16
_SHORT_LIST: Final = 4


@dataclass(frozen=True)
class Plan:
    """How much to measure."""

    poems: int = 60
    """Poems of a form whose times are taken, after some to warm up."""
    rounds: int = 7
    """Interleaved repeats of what is compared."""
    processes: int = 7
    """Fresh processes."""
    probe_bytes: int = 2**28
    """What is read to measure bandwidth."""
    probe_size: int = 1_024
    """Rows and columns of the product that the floor is measured with."""


QUICK: Final = Plan(poems=1, rounds=1, processes=1, probe_bytes=2**20, probe_size=64)


def bench_composing(folder: Path | None, plan: Plan, say: Say = lambda _: None) -> Report:
    """Measure everything on one core; raises `PackageError` for what is no poet."""
    folder = folder or PRETRAINED
    poet = Poet.load(folder)
    with _one_core():
        say("composing, form by form")
        figures = [figure for form in FORMS.values() for figure in _latencies(poet, form, plan)]
        say("decoding against a naive loop and against the floor")
        figures += _against_naive(poet, folder, plan)
        say("fresh processes")
        figures += _first_poems(folder, plan)
    return Report(
        title="Composing",
        command="poet bench compose" + (" --quick" if plan == QUICK else ""),
        machine=this_machine(),
        notes=(
            *(("Tiny sizes (--quick): the figures say only that everything runs.",) if plan == QUICK else ()),
            f"Poet: {poet.version}. One core, one thread; best of {_CANDIDATES}; {plan.poems} poems a form.",
            "Naive: a numpy loop with the whole softmax at every step, which writes the same drafts with the same "
            "random numbers and the same rounded weights (checked here); both decode one 七絕 and know likelihoods, "
            "ours those of a short list.",
            "Floor: the larger of bytes over measured bandwidth and operations over the measured rate of a product: in "
            "float32 a large one and two bytes a weight, as they are stored; in eight bits, as ours computes, our own "
            "with a weight that stays in the cache, and one byte. Weights are read once a step.",
            "A fresh process: from its start to its end, one poem printed.",
        ),
        figures=tuple(figures),
    )


def _latencies(poet: Poet, form: Form, plan: Plan) -> Iterator[Figure]:
    times = []
    for seed in range(plan.poems + 3):
        began = time.perf_counter()
        poet.compose(ComposeRequest(form=form, seed=seed, best_of=_CANDIDATES))
        times.append(1e3 * (time.perf_counter() - began))
    times = times[3:]
    for share, goal in ((50, 80), (99, 200)):
        bound = Goal(goal, at_least=False) if form.lines == 4 else None
        found = Spread(min(times), float(np.percentile(times, share)), max(times))
        yield Figure(f"{form.name}_p{share}_ms", f"{form.name}: ms, p{share}", "", None, found, None, bound)


def _against_naive(poet: Poet, folder: Path, plan: Plan) -> Iterator[Figure]:
    decoding = _Decoding.of(poet, folder, FORMS["七絕"])
    if not np.array_equal(decoding.ours().tokens, decoding.naive()[0]):
        raise PoetcoreError("the naive loop and the engine write different drafts: nothing to compare")

    def ours() -> float:
        drafts = decoding.ours()
        drafts.log_likelihoods(poet.engine, np.argsort(-drafts.rough)[:_SHORT_LIST])
        return 1.0

    def naive() -> float:
        decoding.naive()
        return 1.0

    rates = interleaved_rates({"naive": naive, "ours": ours}, plan.rounds)
    taken = [1e3 / rate for rate in rates["ours"]]
    yield Figure(
        "decode_against_naive",
        "decoding 七絕: poems/s",
        "naive loop",
        Spread.of(rates["naive"]),
        Spread.of(rates["ours"]),
        Spread.of(ratios(rates["ours"], rates["naive"])),
        Goal(3),
    )
    for name, against, seconds in (
        ("decode_against_floor", "floor in float32", decoding.floor_seconds),
        ("decode_against_floor_of_bytes", "floor in eight bits", decoding.floor_seconds_of_bytes),
    ):
        floors = [1e3 * seconds(plan) for _ in range(plan.rounds)]
        compared = Spread.of(ratios(taken, floors))
        goal = Goal(1.7, at_least=False)
        yield Figure(name, "decoding 七絕: ms", against, Spread.of(floors), Spread.of(taken), compared, goal)


@dataclass(frozen=True)
class _Decoding:
    """One poem's drafts, to be decoded either way."""

    poet: Poet
    slow: NaiveDecoder
    frame: Frame
    condition: Condition

    @classmethod
    def of(cls, poet: Poet, folder: Path, form: Form) -> "_Decoding":
        planned = plan(ComposeRequest(form=form), lambda _typed, _converted: True, 0.0)
        rng = np.random.default_rng(1)
        frame, _ = framed(planned, form, None, poet.vocabulary, poet.lexicon, rng, _CANDIDATES)
        slow = NaiveDecoder(poet, *read_package(folder))
        return cls(poet, slow, frame, Condition(form=form_id(form)))

    def ours(self) -> Drafts:
        return decode(
            self.poet.engine, self.poet.lexicon, self.frame, _unknown, 1.0, np.random.default_rng(2), self.condition
        )

    def naive(self) -> tuple[Tokens, np.ndarray[tuple[int], np.dtype[np.float64]]]:
        return self.slow.decode(self.frame, 1.0, np.random.default_rng(2), self.condition)

    def floor_seconds(self, plan: Plan) -> float:
        """The least time that the products of `ours` could take in float32 on this machine at this moment."""
        operations, weights = self._operations_and_weights()
        return max(operations / _product_rate(plan.probe_size), 2 * weights / _bandwidth(plan.probe_bytes))

    def floor_seconds_of_bytes(self, plan: Plan) -> float:
        """The same in the arithmetic that `ours` has."""
        operations, weights = self._operations_and_weights()
        return max(operations / _byte_product_rate(plan.probe_size), weights / _bandwidth(plan.probe_bytes))

    def _operations_and_weights(self) -> tuple[int, int]:
        """FLOP of a poem's products, and how many weights they read, each once a step."""
        architecture, vocabulary = self.poet.card.architecture, self.poet.engine.vocabulary_size
        hidden = architecture.hidden_size
        step = 4 * hidden * (2 * architecture.context_size + hidden + 2 * hidden * (architecture.layers - 1))
        steps = self.frame.length + 1
        # What a character may not be is computed too: how much of the model's chances it has decides who goes on.
        chosen = (self.frame.length + _SHORT_LIST / self.frame.rows * steps) * hidden * vocabulary
        operations = round(2 * self.frame.rows * (step * steps + chosen))
        return operations, step * steps + hidden * vocabulary * steps


def _unknown(lines: Tokens) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.zeros(len(lines), np.bool_)


def _product_rate(size: int) -> float:
    """FLOP/s of a square product in float32, the best of some."""
    left = np.random.default_rng(0).random((size, size), np.float32)
    seconds = min(_seconds(lambda: left @ left) for _ in range(4))
    return 2 * size**3 / seconds


def _byte_product_rate(size: int) -> float:
    """Operations/s of our product in eight bits, its weight in the cache; the best of some."""
    random = np.random.default_rng(0)
    product = quantised_arithmetic().product(random.random((size, size), np.float32))
    rows = random.random((_CANDIDATES, size), np.float32)
    return 2 * _CANDIDATES * size**2 / min(_seconds(lambda: product(rows)) for _ in range(20))


def _bandwidth(size: int) -> float:
    """Bytes/s that are read from memory, the best of some."""
    values = np.zeros(size // 4, np.float32)
    return size / min(_seconds(values.sum) for _ in range(4))


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _first_poems(folder: Path, plan: Plan) -> Iterator[Figure]:
    times, sizes = [], []
    for _ in range(plan.processes):
        words = [sys.executable, "-m", "benchmarks.first_poem", str(folder)]
        began = time.perf_counter()
        done = subprocess.run(words, cwd=_CHECKOUT, capture_output=True, text=True, check=True, timeout=300)
        times.append(time.perf_counter() - began)
        sizes.append(float(done.stdout.split()[-1]) / 1e6)
    yield Figure.absolute("first_poem_s", "fresh process to first poem: s", times, Goal(1, at_least=False))
    yield Figure.absolute("resident_mb", "resident memory after it: MB", sizes, Goal(250, at_least=False))


@contextmanager
def _one_core() -> Iterator[None]:
    """Keep this process, and those it starts, to one core where the system can."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
