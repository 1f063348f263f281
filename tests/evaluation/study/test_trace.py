"""The losses of an arm: kept through a kill, thinned for the page."""

from pathlib import Path

from poetcore.evaluation.study.trace import LossTrace, thinned


def test_a_resumed_arm_forgets_what_it_does_again(tmp_path: Path) -> None:
    path = tmp_path / "arm" / "losses.tsv"
    trace = LossTrace(path)
    trace.go_on_from(0)
    for update in (1, 2, 3):
        trace.add(update, 7.0 - update)
    # Not closed yet: a kill closes nothing, and every line is there.
    assert LossTrace(path).read() == [(1, 6.0), (2, 5.0), (3, 4.0)]
    trace.close()
    resumed = LossTrace(path)
    resumed.go_on_from(2)
    resumed.add(3, 4.5)
    resumed.close()
    assert resumed.read() == [(1, 6.0), (2, 5.0), (3, 4.5)]


def test_a_torn_line_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "losses.tsv"
    path.write_text("1\t6.0\n2\t5.")
    assert LossTrace(path).read() == [(1, 6.0)]
    path.write_text("1\t6.0\n2")
    assert LossTrace(path).read() == [(1, 6.0)]


def test_a_short_trace_stays_whole_and_a_long_one_is_averaged() -> None:
    assert thinned([(1, 6.0), (2, 5.0)]) == ((1, 6.0), (2, 5.0))
    assert thinned([]) == ()
    long = [(update, float(update)) for update in range(1, 2001)]
    points = thinned(long)
    assert 100 < len(points) < 260
    assert points[0] == (1, 1.0)
    assert points[-1][0] == 2000
    # The last point is the mean of the updates since the one before.
    assert points[-1][1] == (points[-2][0] + 1 + 2000) / 2
    assert [update for update, _ in points] == sorted({update for update, _ in points})
