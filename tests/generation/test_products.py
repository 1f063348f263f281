"""Products in eight bits: in C they are what numpy computes, to the last bit; and near the exact ones."""

import numpy as np
import pytest

from poetcore.compiling import compiled
from poetcore.generation.arithmetic import quantised_arithmetic
from poetcore.generation.lstm import tangent
from poetcore.generation.native import FLAGS, SOURCE, PackedProduct
from poetcore.generation.products import ExactProduct, QuantisedProduct, quantised


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(3)


# Of each way through `decoding.c` that this machine can go.
@pytest.fixture(params=["-march=native", "-mno-avx512vnni", "-mno-avx2"])
def flags(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return (*FLAGS, request.param)


# Depths and outputs that fill no block, rows for every size of tile and for more than one.
@pytest.mark.parametrize("rows", [1, 2, 8, 16, 23])
@pytest.mark.parametrize("depth", [1, 64, 301])
def test_packed_is_what_numpy_computes(
    random: np.random.Generator, flags: tuple[str, ...], rows: int, depth: int
) -> None:
    library = compiled(SOURCE, flags)
    if library is None:
        pytest.skip("no C compiler here that knows this processor")
    weight = random.standard_normal((37, depth), np.float32)
    inputs = np.tanh(random.standard_normal((rows, depth), np.float32))
    packed, plain = PackedProduct(library, weight), QuantisedProduct(weight)
    np.testing.assert_array_equal(packed(inputs), plain(inputs))


def test_the_largest_sums_do_not_overflow(flags: tuple[str, ...]) -> None:
    library = compiled(SOURCE, flags)
    if library is None:
        pytest.skip("no C compiler here that knows this processor")
    weight = np.where(np.arange(16) % 2, 1, -1)[:, None] * np.ones((16, 1024), np.float32)
    for inputs in (np.ones((1, 1024), np.float32), -np.ones((1, 1024), np.float32)):
        np.testing.assert_array_equal(PackedProduct(library, weight)(inputs), QuantisedProduct(weight)(inputs))
        np.testing.assert_allclose(PackedProduct(library, weight)(inputs), ExactProduct(weight)(inputs), rtol=1e-6)


def test_rounding_costs_little(random: np.random.Generator) -> None:
    weight = random.standard_normal((50, 512), np.float32)
    inputs = np.tanh(random.standard_normal((16, 512), np.float32))
    exact = ExactProduct(weight)(inputs)
    assert np.abs(quantised_arithmetic().product(weight)(inputs) - exact).std() < 0.02 * exact.std()


def test_a_weight_of_zeros_stays_zero() -> None:
    integers, worth = quantised(np.zeros((3, 4), np.float32))
    assert not integers.any()
    assert np.isfinite(worth).all()
    assert not quantised_arithmetic().product(np.zeros((3, 4), np.float32))(np.ones((2, 4), np.float32)).any()


def test_a_row_does_not_depend_on_its_company(random: np.random.Generator) -> None:
    product = quantised_arithmetic().product(random.standard_normal((24, 64), np.float32))
    inputs = np.tanh(random.standard_normal((16, 64), np.float32))
    assert (product(inputs)[:5] == product(inputs[:5])).all()
    assert (product(inputs)[:1] == product(inputs[:1])).all()


def test_our_tangent_is_tanh() -> None:
    x = np.concatenate((np.linspace(-100, 100, 40_001), [0.0, -0.0, 1e-8])).astype(np.float32)
    np.testing.assert_allclose(tangent(x), np.tanh(x.astype(np.float64)), atol=2e-7)
