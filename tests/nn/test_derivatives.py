"""docs/lstm.md, formula by formula: against central differences of the numpy layer and against torch autograd.

As in the document, one row is looked at, vectors are columns, and a Jacobian is [outputs, inputs]; the gates are
stacked in the order i, f, g, o, and g is the document's c̃.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from poetcore.nn import lstm_numpy
from poetcore.nn.lstm_numpy import Array, LSTMGradients, LSTMWeights

STEPS, INPUT, HIDDEN = 5, 2, 3
DOCUMENT = Path(__file__).parents[2] / "docs" / "lstm.md"


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@dataclass(frozen=True)
class Step:
    """All that step t reads and computes; `_before` is t - 1."""

    x: Array
    h_before: Array
    c_before: Array
    weight_x: Array
    weight_h: Array
    bias: Array
    i: Array
    f: Array
    g: Array
    o: Array
    c: Array


# The document's section 2: one step.


def dh_do(s: Step) -> Array:
    return np.diag(np.tanh(s.c))


def dh_dc(s: Step) -> Array:
    return np.diag(s.o * (1 - np.tanh(s.c) ** 2))


def dc_di(s: Step) -> Array:
    return np.diag(s.g)


def dc_df(s: Step) -> Array:
    return np.diag(s.c_before)


def dc_dg(s: Step) -> Array:
    return np.diag(s.i)


def dc_dc_before(s: Step) -> Array:
    return np.diag(s.f)


def dc_da(s: Step) -> Array:
    """[H, 4H]; also ∂c/∂b."""
    return np.hstack(
        (
            dc_di(s) @ np.diag(s.i * (1 - s.i)),
            dc_df(s) @ np.diag(s.f * (1 - s.f)),
            dc_dg(s) @ np.diag(1 - s.g**2),
            np.zeros((HIDDEN, HIDDEN)),
        )
    )


def dh_da(s: Step) -> Array:
    """[H, 4H]; also ∂h/∂b."""
    da = dh_dc(s) @ dc_da(s)
    da[:, 3 * HIDDEN :] = dh_do(s) @ np.diag(s.o * (1 - s.o))
    return da


def outer(da: Array, z: Array) -> Array:
    """[H, 4H, n]: the derivative by a matrix that is multiplied by z [n]."""
    result: Array = np.einsum("jm,n->jmn", da, z)
    return result


DERIVATIVES: dict[tuple[str, str], Callable[[Step], Array]] = {
    ("h", "o"): dh_do,
    ("h", "c"): dh_dc,
    ("h", "i"): lambda s: dh_dc(s) @ dc_di(s),
    ("h", "f"): lambda s: dh_dc(s) @ dc_df(s),
    ("h", "g"): lambda s: dh_dc(s) @ dc_dg(s),
    ("h", "c_before"): lambda s: dh_dc(s) @ dc_dc_before(s),
    ("h", "h_before"): lambda s: dh_da(s) @ s.weight_h,
    ("h", "x"): lambda s: dh_da(s) @ s.weight_x,
    ("h", "weight_h"): lambda s: outer(dh_da(s), s.h_before),
    ("h", "weight_x"): lambda s: outer(dh_da(s), s.x),
    ("h", "bias"): dh_da,
    ("c", "i"): dc_di,
    ("c", "f"): dc_df,
    ("c", "g"): dc_dg,
    ("c", "c_before"): dc_dc_before,
    ("c", "h_before"): lambda s: dc_da(s) @ s.weight_h,
    ("c", "x"): lambda s: dc_da(s) @ s.weight_x,
    ("c", "weight_h"): lambda s: outer(dc_da(s), s.h_before),
    ("c", "weight_x"): lambda s: outer(dc_da(s), s.x),
    ("c", "bias"): dc_da,
}


# The document's section 3: all steps.


def summed_over_pairs(weights: LSTMWeights, steps: list[Step], d_outputs: Array) -> LSTMGradients:
    """Every loss s times every step t <= s, by products of the state's Jacobian [2H, 2H]."""
    gradients = LSTMGradients(
        np.zeros((STEPS, 1, INPUT)),
        np.zeros((1, HIDDEN)),
        np.zeros((1, HIDDEN)),
        np.zeros_like(weights.weight_ih),
        np.zeros_like(weights.weight_hh),
        np.zeros_like(weights.bias),
    )
    for s in range(STEPS):
        row = np.concatenate((d_outputs[s, 0], np.zeros(HIDDEN)))
        for t in reversed(range(s + 1)):
            step = steps[t]
            da = np.vstack((dh_da(step), dc_da(step)))
            gradients.weight_ih[...] += np.einsum("j,jmn->mn", row, outer(da, step.x))
            gradients.weight_hh[...] += np.einsum("j,jmn->mn", row, outer(da, step.h_before))
            gradients.bias[...] += row @ da
            gradients.inputs[t, 0] += row @ da @ step.weight_x
            dc_before = np.vstack((dh_dc(step) @ dc_dc_before(step), dc_dc_before(step)))
            row = row @ np.hstack((da @ step.weight_h, dc_before))
        gradients.hidden[0] += row[:HIDDEN]
        gradients.cell[0] += row[HIDDEN:]
    return gradients


def recursion(steps: list[Step], d_outputs: Array, *, own_loss: bool = True, cell_path: bool = True) -> Array:
    """λ, dL/da of every step [T, 4H]; without both terms, the recursion that the report prints."""
    rows = np.empty((STEPS, 4 * HIDDEN))
    from_hidden, from_cell = np.zeros(HIDDEN), np.zeros(HIDDEN)
    for t in reversed(range(STEPS)):
        s = steps[t]
        delta = from_hidden + d_outputs[t, 0] * (own_loss or t == STEPS - 1)
        gamma = delta @ dh_dc(s) + from_cell * cell_path
        rows[t] = gamma @ dc_da(s)
        rows[t, 3 * HIDDEN :] = delta @ dh_do(s) @ np.diag(s.o * (1 - s.o))
        from_hidden, from_cell = rows[t] @ s.weight_h, gamma @ dc_dc_before(s)
    return rows


# What they are held to.


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
    return np.random.default_rng(2).normal(size=(STEPS, 1, INPUT))


@pytest.fixture
def state() -> tuple[Array, Array]:
    """h_0 and c_0, not zero, so that no term vanishes."""
    hidden, cell = np.random.default_rng(3).normal(size=(2, 1, HIDDEN))
    return hidden, cell


@pytest.fixture
def d_outputs() -> Array:
    """dl_t/dh_t of the loss L = sum of l_t."""
    return np.random.default_rng(4).normal(size=(STEPS, 1, HIDDEN))


@pytest.fixture
def steps(weights: LSTMWeights, inputs: Array, state: tuple[Array, Array]) -> list[Step]:
    trace = lstm_numpy.forward(weights, inputs, *state)
    parameters = weights.weight_ih, weights.weight_hh, weights.bias
    steps = []
    for t in range(STEPS):
        i, f, g, o = np.split(trace.gates[t, 0], 4)
        x, h_before, c_before, c = inputs[t, 0], trace.hidden[t, 0], trace.cell[t, 0], trace.cell[t + 1, 0]
        steps.append(Step(x, h_before, c_before, *parameters, i, f, g, o, c))
    return steps


def relative_error(ours: Array, theirs: Array) -> float:
    assert ours.shape == theirs.shape
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


def central_difference(function: Callable[[Array], Array], at: Array, width: float = 1e-5) -> Array:
    """The Jacobian, shape of the result then shape of `at`."""
    columns = []
    for index in np.ndindex(at.shape):
        change = np.zeros_like(at)
        change[index] = width
        columns.append((function(at + change) - function(at - change)) / (2 * width))
    result = np.stack(columns, axis=-1)
    return result.reshape(*result.shape[:-1], *at.shape)


def logit(p: Array) -> Array:
    result: Array = np.log(p / (1 - p))
    return result


def numpy_step(output: str, s: Step, name: str, value: Array) -> Array:
    """h_t or c_t of the numpy layer when `name` has this value.

    The layer takes no gates. To set them, its weights are zero and its bias is what the activations turn into them;
    to set c_t, it starts from the c_{t-1} that leads there.
    """
    given = replace(s, **{name: value})
    weights = LSTMWeights(given.weight_x, given.weight_h, given.bias)
    c_before = given.c_before
    if name in {"i", "f", "g", "o", "c"}:
        bias = np.concatenate((logit(given.i), logit(given.f), np.arctanh(given.g), logit(given.o)))
        weights = LSTMWeights(np.zeros_like(s.weight_x), np.zeros_like(s.weight_h), bias)
    if name == "c":
        c_before = (given.c - given.i * given.g) / given.f
    trace = lstm_numpy.forward(weights, given.x[None, None], given.h_before[None], c_before[None])
    result: Array = (trace.hidden if output == "h" else trace.cell)[1, 0]
    return result


def torch_step(output: str, s: Step, name: str, value: Tensor) -> Tensor:
    """h_t or c_t of the forward equations, in torch; a quantity with a given value is not computed."""
    v = {field.name: torch.from_numpy(getattr(s, field.name)) for field in fields(s)} | {name: value}
    a_i, a_f, a_g, a_o = (v["weight_x"] @ v["x"] + v["weight_h"] @ v["h_before"] + v["bias"]).view(4, HIDDEN)
    gates = {"i": a_i.sigmoid(), "f": a_f.sigmoid(), "g": a_g.tanh(), "o": a_o.sigmoid()} | {name: value}
    c = value if name == "c" else gates["f"] * v["c_before"] + gates["i"] * gates["g"]
    return gates["o"] * c.tanh() if output == "h" else c


@pytest.mark.parametrize(("output", "name"), DERIVATIVES)
def test_a_derivative_of_one_step(output: str, name: str, steps: list[Step]) -> None:
    for step in steps:
        ours, at = DERIVATIVES[output, name](step), getattr(step, name)

        def by_numpy(value: Array, step: Step = step) -> Array:
            return numpy_step(output, step, name, value)

        def by_torch(value: Tensor, step: Step = step) -> Tensor:
            return torch_step(output, step, name, value)

        autograd = torch.autograd.functional.jacobian(by_torch, torch.from_numpy(at))  # type: ignore[no-untyped-call]
        assert relative_error(ours, central_difference(by_numpy, at)) < 1e-6
        assert relative_error(ours, autograd.numpy()) < 1e-10


def autograd_of_all_steps(
    weights: LSTMWeights, inputs: Array, state: tuple[Array, Array], d_outputs: Array
) -> LSTMGradients:
    """By torch's own cell."""
    values = inputs, *state, weights.weight_ih, weights.weight_hh, weights.bias
    leaves = [torch.from_numpy(value).requires_grad_() for value in values]
    x, h, c, weight_ih, weight_hh, bias = leaves
    loss = torch.zeros((), dtype=torch.float64)
    for t in range(STEPS):
        h, c = torch.lstm_cell(x[t], (h, c), weight_ih, weight_hh, bias, torch.zeros_like(bias))
        loss = loss + (h * torch.from_numpy(d_outputs[t])).sum()
    return LSTMGradients(*(gradient.numpy() for gradient in torch.autograd.grad(loss, leaves)))


def test_the_sum_over_steps_is_backward_autograd_and_central_differences(
    weights: LSTMWeights, inputs: Array, state: tuple[Array, Array], d_outputs: Array, steps: list[Step]
) -> None:
    summed = summed_over_pairs(weights, steps, d_outputs)
    backward = lstm_numpy.backward(weights, lstm_numpy.forward(weights, inputs, *state), d_outputs)
    autograd = autograd_of_all_steps(weights, inputs, state, d_outputs)
    values = inputs, *state, weights.weight_ih, weights.weight_hh, weights.bias

    for place, field in enumerate(fields(LSTMGradients)):

        def loss(value: Array, place: int = place) -> Array:
            changed = list(values)
            changed[place] = value
            x, h, c, weight_ih, weight_hh, bias = changed
            trace = lstm_numpy.forward(LSTMWeights(weight_ih, weight_hh, bias), x, h, c)
            return np.array((trace.hidden[1:] * d_outputs).sum())

        ours = getattr(summed, field.name)
        assert relative_error(ours, getattr(backward, field.name)) < 1e-10
        assert relative_error(ours, getattr(autograd, field.name)) < 1e-10
        assert relative_error(ours, central_difference(loss, values[place])) < 1e-6


@pytest.mark.parametrize(
    ("own_loss", "cell_path", "error"),
    [(True, True, 0.0), (False, True, 0.784), (True, False, 0.0657), (False, False, 1.088)],
)
def test_the_recursion_needs_the_steps_own_loss_and_the_path_through_the_cell(
    own_loss: bool,
    cell_path: bool,
    error: float,
    weights: LSTMWeights,
    inputs: Array,
    state: tuple[Array, Array],
    d_outputs: Array,
    steps: list[Step],
) -> None:
    """The errors that docs/lstm.md gives; with neither term it is the recursion that the report prints."""
    ours = recursion(steps, d_outputs, own_loss=own_loss, cell_path=cell_path).sum(axis=0)
    theirs = autograd_of_all_steps(weights, inputs, state, d_outputs).bias
    assert relative_error(ours, theirs) == pytest.approx(error, rel=0.01, abs=1e-10)


def test_the_recursion_gives_the_gradients_of_the_weights_and_inputs(
    weights: LSTMWeights, inputs: Array, state: tuple[Array, Array], d_outputs: Array, steps: list[Step]
) -> None:
    rows, autograd = recursion(steps, d_outputs), autograd_of_all_steps(weights, inputs, state, d_outputs)
    hidden_before = np.stack([step.h_before for step in steps])
    assert relative_error(rows.T @ inputs[:, 0], autograd.weight_ih) < 1e-10
    assert relative_error(rows.T @ hidden_before, autograd.weight_hh) < 1e-10
    # Not a sum: each step's row by itself.
    assert relative_error(rows @ weights.weight_ih, autograd.inputs[:, 0]) < 1e-10


def named_lines(text: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", text)


def test_every_line_that_the_document_names_stands_in_the_numpy_lstm() -> None:
    source = {line.strip() for line in Path(lstm_numpy.__file__).read_text(encoding="utf-8").splitlines()}
    assert [line for line in named_lines(DOCUMENT.read_text(encoding="utf-8")) if line not in source] == []


def formulas() -> list[str]:
    # The rows of its tables that begin with one.
    return [line for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if line.startswith("| $")]


def test_every_formula_of_the_document_names_its_line() -> None:
    assert len(formulas()) > 20
    assert [formula for formula in formulas() if not named_lines(formula)] == []


SYMBOLS = {
    "i": "i_t",
    "f": "f_t",
    "g": r"\tilde c_t",
    "o": "o_t",
    "c": "c_t",
    "c_before": "c_{t-1}",
    "h_before": "h_{t-1}",
    "x": "x_t",
    "weight_h": "W_{kh}",
    "weight_x": "W_{kx}",
    "bias": "b_k",
}


@pytest.mark.parametrize(("output", "name"), DERIVATIVES)
def test_every_derivative_that_is_checked_is_a_formula_of_the_document(output: str, name: str) -> None:
    begin = rf"| $\dfrac{{\partial {output}_t}}{{\partial {SYMBOLS[name]}}} = "
    assert [formula.startswith(begin) for formula in formulas()].count(True) == 1


@pytest.mark.parametrize(
    ("output", "blocks"),
    [("A", ("A^i_t", "A^f_t", r"A_t^{\tilde c}", "A^o_t")), ("B", ("B^i_t", "B^f_t", r"B_t^{\tilde c}"))],
)
def test_the_derivatives_by_the_pre_activations_are_formulas_of_the_document(
    output: str, blocks: tuple[str, ...]
) -> None:
    found = [formula.removeprefix("| $").partition(" = ")[0] for formula in formulas()]
    assert [symbol for symbol in found if re.match(rf"{output}[_^]", symbol)] == list(blocks)
