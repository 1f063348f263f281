"""Costs counted by hand."""

from dataclasses import replace

from benchmarks.costs import Sizes, multiply_adds, training_flop
from benchmarks.products import Product
from poetcore.training.presets import settings_for


def test_one_layer_by_hand() -> None:
    # Gates: 4 x 3 rows of 2 + 3 columns = 60; output: 10 x 3 = 30.
    sizes = Sizes(vocabulary=10, embedding=2, hidden=3, layers=1, tied=False)
    assert multiply_adds(sizes) == 90
    assert training_flop(sizes) == 540


def test_two_tied_layers_by_hand() -> None:
    # Either layer: 12 x (3 + 3) = 72; output 10 x 3 = 30.
    sizes = Sizes(vocabulary=10, embedding=3, hidden=3, layers=2, tied=True)
    assert multiply_adds(sizes) == 174
    # What else the first layer is told makes its input wider: 12 x 4 more.
    assert multiply_adds(replace(sizes, told=4)) == 222


def test_the_reports_model_costs_7_7_mflop_a_token() -> None:
    sizes = Sizes.of(settings_for("seed"), 3_500)
    assert training_flop(sizes) == 6 * (4 * 256 * (128 + 256) + 256 * 3_500) == 7_735_296


def test_a_product_costs_two_flop_a_multiply_add() -> None:
    assert Product(2, 3, 5).flop == 60
    assert str(Product(2, 3, 5)) == "2x3x5"
