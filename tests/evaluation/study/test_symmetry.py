"""How much hidden units differ: the numbers, from weights that are known."""

import numpy as np
import pytest

from poetcore.corpus import Vocabulary
from poetcore.evaluation.study.symmetry import (
    PICTURE_TEXT,
    compare,
    distinct_columns,
    effective_rank,
    read,
    unit_weights,
)
from poetcore.package import Tensors

VOCABULARY = Vocabulary("月日山水。，")
HIDDEN, EMBEDDING = 3, 2


def tensors(value: float | None) -> Tensors:
    """Weights that are all `value`, or random ones for None."""
    shapes = {
        "embedding": (len(VOCABULARY), EMBEDDING),
        "lstm.0.weight_ih": (4 * HIDDEN, EMBEDDING),
        "lstm.0.weight_hh": (4 * HIDDEN, HIDDEN),
        "lstm.0.bias": (4 * HIDDEN,),
        "output.weight": (len(VOCABULARY), HIDDEN),
        "output.bias": (len(VOCABULARY),),
    }
    random = np.random.default_rng(1)
    return {
        name: (random.normal(size=shape) if value is None else np.full(shape, value)).astype(np.float32)
        for name, shape in shapes.items()
    }


def test_columns_within_a_millionth_count_once() -> None:
    matrix = np.array([[1.0, 1.0 + 1e-7, 2.0, 1.0], [5.0, 5.0, 5.0, 6.0]])
    assert distinct_columns(matrix) == 3
    assert distinct_columns(np.zeros((2, 4))) == 1


def test_effective_rank_of_known_matrices() -> None:
    assert effective_rank(np.zeros((3, 3))) == 0
    assert effective_rank(np.ones((5, 3))) == pytest.approx(1)
    assert effective_rank(np.eye(4)) == pytest.approx(4)
    # Singular values 3 and 1: shares 3/4 and 1/4.
    assert effective_rank(np.diag([3.0, 1.0])) == pytest.approx(np.exp(-0.75 * np.log(0.75) - 0.25 * np.log(0.25)))


def test_a_units_weights_stand_in_one_row() -> None:
    weights = tensors(0.0)
    # The third gate of unit 1, from the second input.
    weights["lstm.0.weight_ih"][2 * HIDDEN + 1, 1] = 7.0
    units = unit_weights(weights)
    assert units.shape == (HIDDEN, 4 * (EMBEDDING + HIDDEN + 1))
    assert np.argwhere(units == 7.0).tolist() == [[1, 2 * (EMBEDDING + HIDDEN + 1) + 1]]


def test_reading_follows_the_equations() -> None:
    # All weights 0 but the biases: every gate's pre-activation is 1 at every step.
    weights = tensors(0.0)
    weights["lstm.0.bias"][:] = 1.0
    gate, candidate = 1 / (1 + np.exp(-1)), np.tanh(1)
    # START is read first and not shown: the first character is the second step.
    cell = gate * (gate * candidate) + gate * candidate
    reading = read(weights, VOCABULARY, ["月日"])
    assert reading.activations.shape == (2, HIDDEN)
    assert reading.activations[0] == pytest.approx(gate * np.tanh(cell))
    assert reading.gates.shape == (2, 3 * HIDDEN)
    assert reading.gates == pytest.approx(gate)


@pytest.mark.parametrize("value", [0.0, 0.3])
def test_equal_weights_make_one_unit(value: float) -> None:
    start, end = tensors(value), tensors(value)
    end["output.bias"] += 1
    units = compare(start, end, VOCABULARY, ["月日山", "水。"])
    assert (units.after.units, units.after.distinct_units) == (HIDDEN, 1)
    assert (units.after.largest_difference, units.after.largest_weight_difference) == (0, 0)
    assert units.after.effective_rank == pytest.approx(1 if value else 0)
    assert (units.moved, units.parameters) == (len(VOCABULARY), sum(tensor.size for tensor in end.values()))


def test_random_weights_make_different_units() -> None:
    units = compare(tensors(0.0), tensors(None), VOCABULARY, ["月日山", "水。"])
    assert (units.before.distinct_units, units.after.distinct_units) == (1, HIDDEN)
    assert units.after.largest_difference > 0.01
    assert units.after.effective_rank > 1.1
    assert np.shape(units.activations) == (HIDDEN, len(PICTURE_TEXT))


def test_large_weights_shut_the_gates() -> None:
    wide, narrow = tensors(None), tensors(None)
    for name in ("lstm.0.weight_ih", "lstm.0.weight_hh", "lstm.0.bias"):
        wide[name] *= 100
        narrow[name] *= 0.01
    units = compare(narrow, wide, VOCABULARY, ["月日山水。"])
    assert units.before.shut_gates == 0
    assert units.after.shut_gates > 0.8
