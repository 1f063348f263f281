"""One LSTM layer by hand: forward and back-propagation through time, in numpy alone.

Notation (Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000; gate order i, f, g, o as in torch):

    a_t = W_ih x_t + W_hh h_{t-1} + b            pre-activations, 4H
    i, f, o = sigmoid(a);  g = tanh(a)           gates and candidate cell
    c_t = f * c_{t-1} + i * g                    cell
    h_t = o * tanh(c_t)                          hidden

This is the slow, obvious reference: the torch layers and the engine are held equal to it by tests.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating]


@dataclass(frozen=True)
class LSTMWeights:
    """Parameters of one layer: `weight_ih` [4H, E], `weight_hh` [4H, H], `bias` [4H], all of one float dtype."""

    weight_ih: Array
    weight_hh: Array
    bias: Array

    @property
    def hidden_size(self) -> int:
        """H."""
        return int(self.weight_hh.shape[1])


@dataclass(frozen=True)
class LSTMTrace:
    """What the forward pass keeps for the backward pass; T steps of B rows."""

    inputs: Array
    """x, [T, B, E]."""
    hidden: Array
    """h_0 (the initial state) to h_T, [T + 1, B, H]."""
    cell: Array
    """c_0 to c_T, [T + 1, B, H]."""
    gates: Array
    """i, f, g, o after their activations, [T, B, 4H]."""


@dataclass(frozen=True)
class LSTMGradients:
    """Derivatives of the loss with respect to everything that went into the layer; shapes as of the originals."""

    inputs: Array
    hidden: Array
    cell: Array
    weight_ih: Array
    weight_hh: Array
    bias: Array


def sigmoid(a: Array) -> Array:
    """1 / (1 + e^-a), written with tanh so that large |a| neither overflows nor warns."""
    result: Array = 0.5 * (1.0 + np.tanh(0.5 * a))
    return result


def forward(weights: LSTMWeights, inputs: Array, hidden: Array, cell: Array) -> LSTMTrace:
    """Run the layer over `inputs` [T, B, E] from state `hidden`, `cell` [B, H]; h_1 … h_T are `trace.hidden[1:]`."""
    steps, rows, _ = inputs.shape
    size = weights.hidden_size
    hiddens = np.empty((steps + 1, rows, size), inputs.dtype)
    cells = np.empty_like(hiddens)
    gates = np.empty((steps, rows, 4 * size), inputs.dtype)
    hiddens[0], cells[0] = hidden, cell
    for t in range(steps):
        a = inputs[t] @ weights.weight_ih.T + hiddens[t] @ weights.weight_hh.T + weights.bias
        i, f, g, o = np.split(a, 4, axis=1)
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        cells[t + 1] = f * cells[t] + i * g
        hiddens[t + 1] = o * np.tanh(cells[t + 1])
        gates[t] = np.concatenate((i, f, g, o), axis=1)
    return LSTMTrace(inputs, hiddens, cells, gates)


def backward(weights: LSTMWeights, trace: LSTMTrace, d_outputs: Array) -> LSTMGradients:
    """Back-propagation through time: from dL/dh_t [T, B, H] of every step to the derivatives of all that went in.

    `d_outputs[t]` is the step's own part of dL/dh_{t+1}; what comes back through later steps, by way of the hidden
    state and of the cell, is added here.
    """
    d_inputs = np.empty_like(trace.inputs)
    d_weight_ih = np.zeros_like(weights.weight_ih)
    d_weight_hh = np.zeros_like(weights.weight_hh)
    d_bias = np.zeros_like(weights.bias)
    d_hidden = np.zeros_like(trace.hidden[0])
    d_cell = np.zeros_like(trace.cell[0])
    for t in reversed(range(len(trace.inputs))):
        i, f, g, o = np.split(trace.gates[t], 4, axis=1)
        tanh_cell = np.tanh(trace.cell[t + 1])
        d_hidden = d_hidden + d_outputs[t]
        d_cell = d_cell + d_hidden * o * (1 - tanh_cell**2)
        d_a = np.concatenate(
            (
                d_cell * g * i * (1 - i),
                d_cell * trace.cell[t] * f * (1 - f),
                d_cell * i * (1 - g**2),
                d_hidden * tanh_cell * o * (1 - o),
            ),
            axis=1,
        )
        d_weight_ih += d_a.T @ trace.inputs[t]
        d_weight_hh += d_a.T @ trace.hidden[t]
        d_bias += d_a.sum(axis=0)
        d_inputs[t] = d_a @ weights.weight_ih
        d_hidden = d_a @ weights.weight_hh
        d_cell = d_cell * f
    return LSTMGradients(d_inputs, d_hidden, d_cell, d_weight_ih, d_weight_hh, d_bias)
