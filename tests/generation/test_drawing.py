"""Drawing tokens: the cumulative distribution is inverted, what is forbidden never comes."""

import numpy as np
import pytest

from poetcore.generation.drawing import FORBIDDEN, Rules, forbid, sample


def allowed(rhymes: tuple[int, ...], wanted: int = 0, shunned: int = 0, used: tuple[int, ...] = ()) -> list[int]:
    """The columns that are left of as many as there are `rhymes`."""
    logits = np.zeros((1, len(rhymes)), np.float32)
    never = np.full((1, len(used)), FORBIDDEN)
    forbid(
        logits, Rules(np.array(rhymes, np.uint32), wanted, shunned, np.array([used], np.int64).reshape(1, -1), never)
    )
    return np.flatnonzero(np.isfinite(logits[0])).tolist()


def test_rhymes_are_kept_and_shunned() -> None:
    assert allowed((1, 2, 4, 0), wanted=6) == [1, 2]
    assert allowed((1, 2, 4, 0), shunned=6) == [0, 3]


def test_what_was_used_comes_again_only_where_nothing_else_is_left() -> None:
    assert allowed((0, 0, 0), used=(0, 2, -1, 7, 0)) == [1]
    assert allowed((0, 0, 0), used=(0, 1, 2, 1)) == [0, 1, 2]
    assert allowed((1, 2, 2), wanted=2, used=(1, 2)) == [1, 2]
    # And where no column rhymes, any does.
    assert allowed((1, 1, 1), wanted=2) == [0, 1, 2]


def test_a_column_loses_for_each_time_that_it_was_used() -> None:
    logits = np.zeros((2, 3), np.float32)
    used = np.array([[1, 1, 2], [0, 5, -1]], np.int64)
    reluctance = np.array([[-0.5, -1, -2], [-3, -4, -5]], np.float32)
    forbid(logits, Rules(np.zeros(3, np.uint32), 0, 0, used, reluctance))
    assert logits.tolist() == [[0, -1.5, -2], [-3, 0, 0]]


def test_sampling_inverts_the_cumulative_distribution() -> None:
    logits = np.log(np.array([[0.25, 0.5, 0.25]] * 5, np.float32))
    found, chances = sample(logits, np.float32(1), np.array([0.0, 0.2, 0.3, 0.7, 0.8]))
    assert found.tolist() == [0, 0, 1, 1, 2]
    assert chances == pytest.approx([0.25, 0.25, 0.5, 0.5, 0.25])


def test_sampling_from_many_columns_finds_the_one() -> None:
    logits = np.full((3, 1_000), FORBIDDEN)
    logits[:, [3, 500, 999]] = np.log([0.5, 0.25, 0.25])
    found, _ = sample(logits, np.float32(1), np.array([0.49, 0.51, np.nextafter(1, 0)]))
    assert found.tolist() == [3, 500, 999]


def test_a_forbidden_token_is_never_drawn_even_if_the_model_wants_nothing_else() -> None:
    logits = np.array([[FORBIDDEN, -900.0, FORBIDDEN, -900.0, FORBIDDEN]] * 2, np.float32)
    assert sample(logits, np.float32(0.1), np.array([0.0, np.nextafter(1, 0)]))[0].tolist() == [1, 3]


def test_low_temperature_takes_the_likeliest() -> None:
    logits = np.array([[1.0, 2.0, 1.5]], np.float32)
    assert sample(logits, np.float32(0.1), np.array([0.5]))[0].tolist() == [1]
