"""What a person sees while a study runs."""

import pytest

from poetcore.evaluation.study.display import StudyDisplay, cost_of
from poetcore.evaluation.study.plan import plan_of
from poetcore.progress import console
from poetcore.training.hardware import Hardware
from poetcore.training.progress import Progress
from tests.evaluation.study.conftest import TINY, record

PLAN = plan_of(TINY)
HARDWARE = Hardware.chosen(TINY.base)


class Clock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_time_left_follows_the_work_done() -> None:
    clock = Clock()
    display = StudyDisplay(PLAN, clock)
    everything = sum(cost_of(arm.settings) for arm in PLAN.arms)
    centre = cost_of(PLAN.arms[0].settings)
    display.arm_began(PLAN.arms[0], 1)
    display.began(Progress(), batches=10, updates=20, hardware=HARDWARE)
    assert display.time_left() == ""
    clock.now = 30.0
    display.updated(Progress(updates=10), 5.0)
    seconds = 30 * (everything - centre / 2) / (centre / 2)
    assert display.time_left() == f"about {seconds / 60:.0f} min left"
    clock.now = 60.0
    display.arm_ended(record("adam", [5.0, 4.0]))
    assert display.time_left() == f"about {60 * (everything - centre) / centre / 60:.0f} min left"


def test_what_was_done_before_does_not_count_as_speed() -> None:
    clock = Clock()
    display = StudyDisplay(PLAN, clock)
    for arm in PLAN.arms[:-1]:
        display.arm_ended(record(arm.name, [5.0]))
    last = PLAN.arms[-1]
    display.arm_began(last, 14)
    display.began(Progress(updates=5), batches=10, updates=10, hardware=HARDWARE)
    clock.now = 8.0
    display.updated(Progress(updates=6), 5.0)
    assert display.time_left() == "about 32 s left"


def test_a_wider_or_longer_arm_costs_more() -> None:
    costs = {arm.name: cost_of(arm.settings) for arm in PLAN.arms}
    assert costs["hidden-4"] < costs["hidden-12"]
    assert costs["vocabulary-20"] < costs["vocabulary-60"]
    assert costs["length-10"] < costs["length-26"] < costs["adam"]


def test_lines_name_arm_epoch_and_outcome(capsys: pytest.CaptureFixture[str]) -> None:
    with console.capture() as shown, StudyDisplay(PLAN, Clock()) as display:
        display.arm_began(PLAN.arms[1], 2)
        display.began(Progress(updates=4, epoch=1), batches=10, updates=20, hardware=HARDWARE)
        display.tested({"epoch": 1, "validation_perplexity": 12.3, "seconds": 5.0}, 2.0)
        display.arm_ended(record("sgd", [3.0, 2.0]))
        display.arm_ended(record("adagrad", [], stopped="diverged", bits_per_hanzi=None))
    assert shown.get().splitlines() == [
        "arm 2 of 14: sgd",
        f"  {HARDWARE}",
        "  resuming at update 4 (epoch 1)",
        "  epoch  1  perplexity 12.3 on validation, 7.4 on test  5 s  ",
        "  sgd: best epoch 2 of 2, test perplexity 7.4, 8.000 bits per hanzi",
        "  adagrad: diverged, no epoch ended",
    ]
    assert capsys.readouterr().out == ""
