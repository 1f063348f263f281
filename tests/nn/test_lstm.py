"""Three LSTMs that are one: numpy by hand, our torch layer, torch's, held equal in float64."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from poetcore.nn import lstm_numpy, lstm_torch
from poetcore.nn.initialisation import initialise
from poetcore.nn.lookup import Lookup, Steps
from poetcore.nn.lstm_numpy import Array, LSTMWeights
from poetcore.nn.lstm_own import OwnLSTM
from poetcore.nn.lstm_torch import TorchLSTM

STEPS, ROWS, INPUT, HIDDEN = 5, 3, 4, 6


@pytest.fixture
def weights() -> LSTMWeights:
    random = np.random.default_rng(1)
    return LSTMWeights(
        random.normal(size=(4 * HIDDEN, INPUT)),
        random.normal(size=(4 * HIDDEN, HIDDEN)),
        random.normal(size=4 * HIDDEN),
    )


@pytest.fixture
def inputs() -> Array:
    return np.random.default_rng(2).normal(size=(STEPS, ROWS, INPUT))


@pytest.fixture
def d_outputs() -> Array:
    """dL/dh of each step, for a loss that looks at every step."""
    return np.random.default_rng(3).normal(size=(STEPS, ROWS, HIDDEN))


def torch_layer(kind: type[OwnLSTM] | type[TorchLSTM], weights: LSTMWeights) -> OwnLSTM | TorchLSTM:
    layer = kind(INPUT, HIDDEN).double()
    with torch.no_grad():
        layer.layer_parameter("weight_ih", 0).copy_(torch.from_numpy(weights.weight_ih))
        layer.layer_parameter("weight_hh", 0).copy_(torch.from_numpy(weights.weight_hh))
        layer.layer_parameter("bias_ih", 0).copy_(torch.from_numpy(weights.bias))
    return layer


def run(layer: OwnLSTM | TorchLSTM, inputs: Tensor) -> Tensor:
    """Hidden states [T, B, H] from inputs [T, B, E]: each row a table row of its own."""
    steps, rows, size = inputs.shape
    lookup = Lookup([inputs.reshape(-1, size)], torch.arange(steps * rows)[:, None])
    hidden: Tensor = layer(lookup, Steps.of([rows] * steps), lambda between: between)
    return hidden.view(steps, rows, -1)


def relative_error(ours: Array, theirs: Array) -> float:
    return float(np.abs(ours - theirs).max() / max(1e-30, np.abs(theirs).max()))


@pytest.mark.parametrize("kind", [OwnLSTM, TorchLSTM])
def test_forward_and_backward_equal_torch(
    kind: type[OwnLSTM] | type[TorchLSTM], weights: LSTMWeights, inputs: Array, d_outputs: Array
) -> None:
    zeros = np.zeros((ROWS, HIDDEN))
    trace = lstm_numpy.forward(weights, inputs, zeros, zeros)
    gradients = lstm_numpy.backward(weights, trace, d_outputs)

    layer = torch_layer(kind, weights)
    theirs = torch.from_numpy(inputs).requires_grad_()
    outputs = run(layer, theirs)
    torch.autograd.backward(outputs, torch.from_numpy(d_outputs))

    assert relative_error(trace.hidden[1:], outputs.detach().numpy()) < 1e-12
    assert theirs.grad is not None
    assert relative_error(gradients.inputs, theirs.grad.numpy()) < 1e-10
    for name, ours in (
        ("weight_ih", gradients.weight_ih),
        ("weight_hh", gradients.weight_hh),
        ("bias_ih", gradients.bias),
    ):
        gradient = layer.layer_parameter(name, 0).grad
        assert gradient is not None
        assert relative_error(ours, gradient.numpy()) < 1e-10


def central_difference(loss: Callable[[], float], values: Array, step: float = 1e-6) -> Array:
    differences = np.empty_like(values)
    for index in np.ndindex(values.shape):
        kept = values[index]
        values[index] = kept + step
        above = loss()
        values[index] = kept - step
        below = loss()
        values[index] = kept
        differences[index] = (above - below) / (2 * step)
    return differences


def test_backward_equals_central_differences(weights: LSTMWeights, inputs: Array, d_outputs: Array) -> None:
    random = np.random.default_rng(4)
    hidden, cell = random.normal(size=(2, ROWS, HIDDEN))

    def loss() -> float:
        return float((lstm_numpy.forward(weights, inputs, hidden, cell).hidden[1:] * d_outputs).sum())

    gradients = lstm_numpy.backward(weights, lstm_numpy.forward(weights, inputs, hidden, cell), d_outputs)
    for ours, values in (
        (gradients.inputs, inputs),
        (gradients.hidden, hidden),
        (gradients.cell, cell),
        (gradients.weight_ih, weights.weight_ih),
        (gradients.weight_hh, weights.weight_hh),
        (gradients.bias, weights.bias),
    ):
        assert relative_error(ours, central_difference(loss, values)) < 1e-6


def equal_stacks(weight_drop: float = 0.0) -> tuple[OwnLSTM, TorchLSTM]:
    """Three layers of either kind with the same random weights."""
    torch.manual_seed(5)
    own, theirs = (
        OwnLSTM(INPUT, HIDDEN, 3, weight_drop).double(),
        TorchLSTM(INPUT, HIDDEN, 3, weight_drop).double(),
    )
    initialise(own, "xavier")
    initialise(theirs, "xavier")
    with torch.no_grad():
        for layer in range(3):
            for name in ("weight_ih", "weight_hh", "bias_ih"):
                theirs.layer_parameter(name, layer).copy_(own.layer_parameter(name, layer))
    return own, theirs


def test_the_stacks_are_equal_and_have_the_same_parameters() -> None:
    own, theirs = equal_stacks()
    inputs = torch.randn(STEPS, ROWS, INPUT, dtype=torch.float64)
    assert torch.allclose(run(own, inputs), run(theirs, inputs), rtol=1e-12, atol=1e-14)
    # torch's second bias stays zero and is not learnt.
    assert sum(p.numel() for p in theirs.parameters() if p.requires_grad) == sum(p.numel() for p in own.parameters())


def test_weight_drop_drops_the_same_recurrent_weights_at_every_step_and_none_in_evaluation() -> None:
    inputs = torch.randn(STEPS, ROWS, INPUT, dtype=torch.float64)
    own, theirs = equal_stacks(weight_drop=0.5)
    whole, dropped = (equal_stacks()[0] for _ in range(2))
    torch.manual_seed(7)
    masks = [torch.nn.functional.dropout(torch.ones(4 * HIDDEN, HIDDEN, dtype=torch.float64)) for _ in range(3)]
    with torch.no_grad():
        for layer, mask in enumerate(masks):
            dropped.layer_parameter("weight_hh", layer).mul_(mask)
    expected = run(dropped, inputs)
    torch.autograd.backward(expected.sum())
    for stack in (own, theirs):
        torch.manual_seed(7)
        hidden = run(stack, inputs)
        assert torch.allclose(hidden, expected, rtol=1e-12, atol=1e-14)
        torch.autograd.backward(hidden.sum())
        for layer, mask in enumerate(masks):
            gradient, through_all = (it.layer_parameter("weight_hh", layer).grad for it in (stack, dropped))
            assert gradient is not None
            assert through_all is not None
            assert torch.allclose(gradient, mask * through_all, rtol=1e-12, atol=1e-14)
        assert torch.allclose(run(stack.eval(), inputs), run(whole, inputs), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("weight_drop", [0.0, 0.5])
def test_torchs_layers_do_padded_as_on_a_gpu_what_they_do_packed(
    weight_drop: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, layers = equal_stacks(weight_drop)
    steps = Steps.of([4, 3, 3, 1])
    table, d_hidden = (torch.randn(11, width, dtype=torch.float64) for width in (INPUT, HIDDEN))
    learning = [table.requires_grad_(), *(parameter for parameter in layers.parameters() if parameter.requires_grad)]
    outcomes = []
    for way in (lstm_torch._packed, lstm_torch._padded):
        # What runs on a CPU; no GPU is needed to go a GPU's way.
        monkeypatch.setattr(lstm_torch, "_packed", way)
        torch.manual_seed(7)
        hidden = layers(Lookup([table], torch.arange(11)[:, None]), steps, lambda between: between)
        outcomes.append([hidden, *torch.autograd.grad(hidden, learning, d_hidden)])
    for packed, padded in zip(*outcomes, strict=True):
        assert torch.allclose(padded, packed, rtol=1e-10, atol=1e-12)


def test_large_numbers_neither_overflow_nor_warn(weights: LSTMWeights) -> None:
    trace = lstm_numpy.forward(weights, np.full((2, 1, INPUT), 1e4), np.zeros((1, HIDDEN)), np.zeros((1, HIDDEN)))
    assert np.isfinite(trace.hidden).all()


def test_xavier_bounds_every_gate_and_biases_are_zero() -> None:
    torch.manual_seed(6)
    layer = OwnLSTM(40, 60)
    initialise(layer, "xavier")
    bound = (6 / (40 + 60)) ** 0.5
    weight = layer.get_parameter("weight_ih_l0")
    assert bound * 0.98 < weight.abs().max().item() <= bound
    assert not layer.get_parameter("bias_ih_l0").any()
