"""Drawing tokens: the cumulative distribution is inverted, what is forbidden never comes, C does what numpy does."""

import numpy as np
import pytest

from poetcore.generation import drawing
from poetcore.generation.drawing import FORBIDDEN, Draw, DrawInC, Rules, draw_in_numpy, fastest_draw, sample
from poetcore.generation.kernels import library


@pytest.fixture(params=["numpy", "C"])
def draw(request: pytest.FixtureRequest) -> Draw:
    if request.param == "numpy":
        return draw_in_numpy
    compiled = library()
    if compiled is None:
        pytest.skip("no C compiler here")
    return DrawInC(compiled)


def bits(*groups: int) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    return np.array(groups, np.uint32)


def test_c_draws_what_numpy_draws() -> None:
    compiled = library()
    if compiled is None:
        pytest.skip("no C compiler here")
    random = np.random.default_rng(5)
    for columns in (1, 63, 64, 65, 3_198):
        logits = random.normal(0, 4, (16, columns + 9)).astype(np.float32)[:, 3 : columns + 3]
        rules = Rules(
            random.normal(0, 1, columns).astype(np.float32),
            random.integers(0, 4, columns).astype(np.uint32),
            random.integers(0, 2, 16).astype(np.uint32),
            random.integers(0, 2, 16).astype(np.uint32) * 2,
            random.integers(-5, columns + 5, (16, 7)),
        )
        temperature, uniform = np.float32(random.uniform(0.3, 2)), random.random(16)
        ours, theirs = logits.copy()[:, :], logits.copy()
        found, chances = DrawInC(compiled)(ours, rules, temperature, uniform)
        expected, known = draw_in_numpy(theirs, rules, temperature, uniform)
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_allclose(chances, known, rtol=1e-5)
        np.testing.assert_array_equal(ours, theirs)


def test_rows_may_be_parts_of_longer_ones(draw: Draw) -> None:
    wide = np.zeros((2, 10), np.float32)
    wide[:, [0, 9]] = 50
    part = wide[:, 2:5]
    part[1, 2] = 9
    rules = Rules(np.zeros(3, np.float32), bits(0, 0, 0), bits(0, 0), bits(0, 0), np.zeros((2, 0), np.int64))
    assert draw(part, rules, np.float32(0.1), np.full(2, 0.5))[0].tolist() == [1, 2]


def test_rhymes_are_kept_and_shunned(draw: Draw) -> None:
    rhymes, uniform = bits(1, 2, 4, 0), np.linspace(0, 0.999, 50)
    rows, level = np.zeros((50, 4), np.float32), np.zeros(4, np.float32)
    none = np.zeros((50, 0), np.int64)
    all_of = np.full(50, 6, np.uint32)
    zero = np.zeros(50, np.uint32)
    assert set(draw(rows.copy(), Rules(level, rhymes, all_of, zero, none), np.float32(1), uniform)[0].tolist()) == {
        1,
        2,
    }
    assert set(draw(rows.copy(), Rules(level, rhymes, zero, all_of, none), np.float32(1), uniform)[0].tolist()) == {
        0,
        3,
    }


def test_what_was_used_comes_again_only_where_nothing_else_is_left(draw: Draw) -> None:

    def drawn(used: list[int], rhymes: tuple[int, ...] = (0, 0, 0), wanted: int = 0, uniform: float = 0.9) -> int:
        forbidden = np.array([used], np.int64).reshape(1, -1)
        rules = Rules(np.zeros(3, np.float32), bits(*rhymes), bits(wanted), bits(0), forbidden)
        return int(draw(np.zeros((1, 3), np.float32), rules, np.float32(1), np.array([uniform]))[0][0])

    assert drawn([0, 2, -1, 7, 0]) == 1
    assert drawn([0, 1, 2, 1]) == 2
    # And where no column rhymes, any does.
    assert drawn([], rhymes=(1, 1, 1), wanted=2, uniform=0.5) == 1


def test_without_a_compiler_numpy_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "library", lambda: None)
    fastest_draw.cache_clear()
    assert fastest_draw() is draw_in_numpy
    fastest_draw.cache_clear()


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
