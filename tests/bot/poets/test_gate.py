"""What passes the gate, and with which reasons."""

import pytest

from bot.poets.gate import Figures, Limits, Verdict, judge, unmeasured

BEFORE = Figures(
    bits_per_hanzi=7.6,
    format_share=1.0,
    rhyme_share=0.9,
    tone_share=0.95,
    distinct_2=0.8,
    copied_share=0.01,
    compose_ms=100.0,
)


def test_the_same_figures_pass() -> None:
    verdict = judge(BEFORE, BEFORE, Limits())
    assert verdict.passed
    assert len(verdict.reasons) == 7


@pytest.mark.parametrize(
    ("figure", "passes", "fails"),
    [
        ("bits_per_hanzi", 7.67, 7.69),
        ("format_share", 0.985, 0.97),
        ("rhyme_share", 0.885, 0.87),
        ("tone_share", 0.935, 0.92),
        ("distinct_2", 0.77, 0.75),
        ("copied_share", 0.025, 0.035),
        ("compose_ms", 149.0, 151.0),
    ],
)
def test_each_figure_has_its_bound(figure: str, passes: float, fails: float) -> None:
    assert judge(BEFORE, BEFORE.model_copy(update={figure: passes}), Limits()).passed
    verdict = judge(BEFORE, BEFORE.model_copy(update={figure: fails}), Limits())
    assert not verdict.passed
    assert [reason.figure for reason in verdict.reasons if not reason.passed] == [figure]
    assert [reason.after for reason in verdict.reasons if not reason.passed] == [fails]


@pytest.mark.parametrize(
    ("figure", "reason", "passes", "fails"),
    [("bits_per_hanzi", "founder_bits", 7.82, 7.84), ("distinct_2", "founder_variety", 0.73, 0.71)],
)
def test_losses_of_many_generations_have_a_bound(figure: str, reason: str, passes: float, fails: float) -> None:
    """Each is as good as its parent."""
    for now, passed in ((passes, True), (fails, False)):
        poet = BEFORE.model_copy(update={figure: now})
        verdict = judge(poet, poet, Limits(), founder=BEFORE)
        assert verdict.passed is passed
        found = [reason for reason in verdict.reasons if not reason.passed]
        assert [(one.figure, one.before, one.after) for one in found] == (
            [] if passed else [(reason, getattr(BEFORE, figure), now)]
        )


@pytest.mark.parametrize("figure", ["bits_per_hanzi", "distinct_2"])
def test_what_was_not_measured_never_passes(figure: str) -> None:
    nothing = BEFORE.model_copy(update={figure: 0.0})
    verdict = judge(nothing, nothing, Limits())
    assert not verdict.passed
    assert verdict.failure is not None
    assert verdict.failure.startswith("no poem of the validation split was measured")


@pytest.mark.parametrize("figure", list(Figures.model_fields))
def test_no_number_never_passes(figure: str) -> None:
    assert not judge(BEFORE, BEFORE.model_copy(update={figure: float("nan")}), Limits()).passed


def test_better_figures_pass_the_strictest_gate() -> None:
    strict = Limits(bits=0, form=0, diversity=0, copied=0, latency=1)
    better = Figures(
        bits_per_hanzi=7.5,
        format_share=1.0,
        rhyme_share=0.95,
        tone_share=0.96,
        distinct_2=0.85,
        copied_share=0.0,
        compose_ms=90.0,
    )
    assert judge(BEFORE, better, strict).passed
    assert not judge(better, BEFORE, strict).passed


def test_a_verdict_is_read_as_it_was_stored() -> None:
    for verdict in (judge(BEFORE, BEFORE, Limits()), unmeasured("does not load")):
        assert Verdict.of(verdict.as_dict()) == verdict
