"""Products with packed weights, held equal to numpy's."""

import numpy as np
import pytest

from poetcore.compiling import compiled
from poetcore.generation import products
from poetcore.generation.products import BlasProduct, PackedProduct, product_with


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(3)


# Depths and outputs that fill no block, rows for every number of lanes and for more than one call.
@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("rows", [1, 2, 8, 9, 16, 33])
def test_packed_is_what_numpy_computes(random: np.random.Generator, rows: int, half: bool) -> None:
    library = compiled(products._SOURCE, products._FLAGS)
    if library is None:
        pytest.skip("no C compiler here")
    weight = random.standard_normal((37, 300), np.float32)
    if half:
        weight = weight.astype(np.float16).astype(np.float32)
    inputs = random.standard_normal((rows, 300), np.float32)
    packed, plain = PackedProduct(library, weight), BlasProduct(weight)
    for outputs in (slice(None), slice(0, 8), slice(3, 30), slice(36, 37)):
        np.testing.assert_allclose(packed(inputs, outputs), plain(inputs, outputs), rtol=1e-4, atol=1e-4)


def test_a_row_does_not_depend_on_its_company(random: np.random.Generator) -> None:
    library = compiled(products._SOURCE, products._FLAGS)
    if library is None:
        pytest.skip("no C compiler here")
    product = PackedProduct(library, random.standard_normal((24, 64), np.float32))
    inputs = random.standard_normal((16, 64), np.float32)
    assert (product(inputs)[:5] == product(inputs[:5])).all()
    assert (product(inputs)[:1] == product(inputs[:1])).all()


def test_without_a_compiler_numpy_does_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "compiled", lambda _source, _flags: None)
    assert isinstance(product_with(np.ones((8, 2), np.float32)), BlasProduct)
