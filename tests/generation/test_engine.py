"""The engine computes what the slow reference computes."""

import numpy as np
import numpy.typing as npt
import pytest

from poetcore.generation.engine import Condition, Engine, log_normaliser
from poetcore.generation.products import Array
from poetcore.nn import lstm_numpy
from poetcore.package import Architecture, Tensors, expected_shapes

VOCABULARY = 23


def weights_for(architecture: Architecture, scale: float = 0.6) -> Tensors:
    rng = np.random.default_rng(11)
    shapes = expected_shapes(architecture, VOCABULARY)
    return {name: rng.normal(0, scale, shape).astype(np.float32) for name, shape in shapes.items()}


def reference_logits(
    architecture: Architecture, weights: Tensors, tokens: npt.NDArray[np.int32]
) -> npt.NDArray[np.float64]:
    """Logits [T, B, V] after each of `tokens` [T, B], in float64 with the training reference."""
    tensors = {name: tensor.astype(np.float64) for name, tensor in weights.items()}
    values: npt.NDArray[np.floating] = tensors["embedding"][tokens]
    zeros = np.zeros((tokens.shape[1], architecture.hidden_size))
    for layer in range(architecture.layers):
        names = ("weight_ih", "weight_hh", "bias")
        parameters = lstm_numpy.LSTMWeights(*(tensors[f"lstm.{layer}.{name}"] for name in names))
        values = lstm_numpy.forward(parameters, values, zeros, zeros).hidden[1:]
    output = tensors["embedding" if architecture.tied else "output.weight"]
    return np.asarray(values @ output.T + tensors["output.bias"], np.float64)


@pytest.mark.parametrize(
    "architecture",
    [
        Architecture(embedding_size=5, hidden_size=7, layers=1, tied=False),
        Architecture(embedding_size=6, hidden_size=6, layers=2, tied=True),
        Architecture(embedding_size=4, hidden_size=8, layers=3, tied=False),
    ],
)
def test_logits_are_those_of_the_reference(architecture: Architecture) -> None:
    weights = weights_for(architecture)
    tokens = np.random.default_rng(3).integers(0, VOCABULARY, (9, 4), dtype=np.int32)
    engine = Engine(architecture, weights)
    expected = reference_logits(architecture, weights, tokens)

    state = engine.start(4)
    for step in range(9):
        state = engine.step(tokens[step], state)
        np.testing.assert_allclose(engine.logits(state), expected[step], rtol=1e-4, atol=1e-4)
        assert engine.logits(state).dtype == np.float32


def test_large_weights_neither_overflow_nor_warn() -> None:
    architecture = Architecture(embedding_size=4, hidden_size=4, layers=1, tied=False)
    engine = Engine(architecture, weights_for(architecture, scale=1000))
    state = engine.step(np.array([5], np.int32), engine.start(1))
    assert np.isfinite(log_normaliser(engine.logits(state))).all()


def test_a_repeated_state_goes_on_alike_in_every_row() -> None:
    architecture = Architecture(embedding_size=4, hidden_size=4, layers=2, tied=False)
    engine = Engine(architecture, weights_for(architecture))
    one = engine.step(np.array([5], np.int32), engine.start(1))
    three = engine.step(np.array([6, 6, 6], np.int32), one.repeated(3))
    alone = engine.step(np.array([6], np.int32), one)
    for row in range(3):
        np.testing.assert_allclose(three.top[row], alone.top[0], rtol=1e-6)
    assert three.first(2).rows == 2


def test_a_step_leaves_the_state_before_it_untouched() -> None:
    architecture = Architecture(embedding_size=4, hidden_size=4, layers=2, tied=False)
    engine = Engine(architecture, weights_for(architecture))
    state = engine.step(np.array([5], np.int32), engine.start(1))
    before = [array.copy() for array in (*state.hidden, *state.cell)]
    engine.step(np.array([6], np.int32), state)
    for array, copy in zip((*state.hidden, *state.cell), before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_the_normaliser_is_the_log_of_the_sum_of_exponentials() -> None:
    logits = np.array([[0.0, np.log(3.0)], [1000.0, 1000.0]], np.float32)
    np.testing.assert_allclose(log_normaliser(logits), [np.log(4), 1000 + np.log(2)], rtol=1e-6)


@pytest.mark.parametrize("tied", [True, False])
def test_logits_are_those_of_the_trained_model(tied: bool) -> None:
    torch = pytest.importorskip("torch")
    from poetcore.nn.language_model import Architecture as Sizes
    from poetcore.nn.language_model import LanguageModel

    torch.manual_seed(5)
    model = LanguageModel(Sizes(VOCABULARY, 6, 6, 2, tied)).eval()
    weights = {name: tensor.detach().numpy() for name, tensor in model.package_tensors().items()}
    engine = Engine(Architecture(embedding_size=6, hidden_size=6, layers=2, tied=tied), weights)
    tokens = np.random.default_rng(3).integers(0, VOCABULARY, (9, 4), dtype=np.int32)
    expected = model.logits(torch.from_numpy(tokens).long()).detach().numpy()

    state = engine.start(4)
    for step in range(9):
        state = engine.step(tokens[step], state)
        np.testing.assert_allclose(engine.logits(state), expected[step], rtol=1e-4, atol=1e-5)


def test_what_the_trained_model_is_told_the_engine_is_told() -> None:
    torch = pytest.importorskip("torch")
    from poetcore.nn.context import contexts
    from poetcore.nn.language_model import Architecture as Sizes
    from poetcore.nn.language_model import Batch, Conditions, LanguageModel
    from poetcore.nn.lookup import Steps

    torch.manual_seed(6)
    sizes = Sizes(VOCABULARY, 6, 6, 2, True, context_size=4, condition_size=5)
    model = LanguageModel(sizes).eval()
    weights = {name: tensor.detach().numpy() for name, tensor in model.package_tensors().items()}
    card = Architecture(embedding_size=6, hidden_size=6, layers=2, tied=True, context_size=4, condition_size=5)
    assert {name: tensor.shape for name, tensor in weights.items()} == expected_shapes(card, VOCABULARY)
    engine = Engine(card, weights, marks=[3, 4])
    # Lines of two and three characters that end with the marks 3 and 4.
    tokens = np.array([0, 9, 8, 3, 7, 6, 4, 10, 11, 12, 3, 13], np.int32)
    condition = Condition(title=(15, 16, 15), form=2, era=1)

    told = contexts(tokens, np.arange(len(tokens)) == 0, np.array([3, 4], np.int32))
    columns = torch.from_numpy(np.stack((told.place, told.above, told.second_above), axis=1)).long()
    one = torch.ones(1, dtype=torch.int64)
    conditions = Conditions(torch.tensor([15, 16, 15]), 0 * one, 2 * one, one)
    inputs = torch.from_numpy(tokens).long()
    batch = Batch(Steps.of([1] * len(tokens)), inputs, inputs, columns, conditions)
    expected = model.output(model.hidden(batch)).detach().numpy()

    state = engine.start(2, [condition, Condition()])
    for step, token in enumerate(tokens):
        state = engine.step(np.array([token, token], np.int32), state)
        logits = engine.logits(state)
        np.testing.assert_allclose(logits[0], expected[step], rtol=1e-4, atol=1e-5)
        assert not np.allclose(logits[1], expected[step], atol=1e-3)
    assert state.first(1).repeated(3).rows == 3

    def gates(title: tuple[int, ...], strength: float) -> Array:
        told = engine.start(1, [Condition(title, title_strength=strength)]).told
        assert told is not None
        return told

    once, twice = (gates((15, 16), strength) - gates((), 1) for strength in (1, 2))
    np.testing.assert_allclose(twice, 2 * once, rtol=1e-4, atol=1e-6)
