"""Two LSTM stacks with one interface: our own layer and torch's. Parameters have the same names and shapes."""

from typing import Protocol, cast

import torch
from torch import Tensor, nn


class LSTMStack(Protocol):
    """Stacked LSTM layers over time-major input.

    Layer l has `weight_ih_l{l}` [4H, E or H], `weight_hh_l{l}` [4H, H] and `bias_ih_l{l}` [4H]; gate order i, f, g, o.
    """

    def __call__(self, inputs: Tensor) -> Tensor:
        """From `inputs` [T, B, E], zero initial state, to the last layer's hidden states [T, B, H]."""


class OwnLSTM(nn.Module):
    """The layer of our own: its forward is the equations, its backward is autograd's."""

    def __init__(self, input_size: int, hidden_size: int, layers: int = 1, dropout: float = 0.0) -> None:
        """Dropout falls on the outputs of every layer but the last, as in torch."""
        super().__init__()
        self.hidden_size, self.layers = hidden_size, layers
        self.dropout = nn.Dropout(dropout)
        for layer in range(layers):
            width = input_size if layer == 0 else hidden_size
            self.register_parameter(f"weight_ih_l{layer}", nn.Parameter(torch.empty(4 * hidden_size, width)))
            self.register_parameter(f"weight_hh_l{layer}", nn.Parameter(torch.empty(4 * hidden_size, hidden_size)))
            self.register_parameter(f"bias_ih_l{layer}", nn.Parameter(torch.zeros(4 * hidden_size)))
        initialise(self)

    def forward(self, inputs: Tensor) -> Tensor:
        """As `LSTMStack.__call__`."""
        for layer in range(self.layers):
            inputs = self._layer(inputs if layer == 0 else self.dropout(inputs), layer)
        return inputs

    def _layer(self, inputs: Tensor, layer: int) -> Tensor:
        weight_ih, weight_hh, bias = (
            cast(Tensor, getattr(self, f"{name}_l{layer}")) for name in ("weight_ih", "weight_hh", "bias_ih")
        )
        # One product for the inputs of all steps; only the recurrent one has to wait for its step.
        from_inputs = nn.functional.linear(inputs, weight_ih, bias)
        hidden = cell = inputs.new_zeros(inputs.shape[1], self.hidden_size)
        outputs = []
        for step_inputs in from_inputs.unbind(0):
            i, f, g, o = torch.addmm(step_inputs, hidden, weight_hh.t()).chunk(4, dim=1)
            cell = torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(g)
            hidden = torch.sigmoid(o) * torch.tanh(cell)
            outputs.append(hidden)
        return torch.stack(outputs)


class TorchLSTM(nn.LSTM):
    """`torch.nn.LSTM` behind the same interface.

    torch has two biases whose sum is all that counts; the second stays zero, so that training moves b as fast as
    in a layer with one bias.
    """

    def __init__(self, input_size: int, hidden_size: int, layers: int = 1, dropout: float = 0.0) -> None:
        """As `OwnLSTM`."""
        # torch warns about dropout that has no layers to fall between.
        super().__init__(input_size, hidden_size, num_layers=layers, dropout=dropout if layers > 1 else 0.0)
        initialise(self)
        for name, parameter in self.named_parameters():
            if name.startswith("bias_hh"):
                parameter.requires_grad_(False)

    def forward(self, inputs: Tensor) -> Tensor:  # type: ignore[override]
        """As `LSTMStack.__call__`."""
        outputs: Tensor = super().forward(inputs)[0]
        return outputs


LSTM_STACKS: dict[str, type[OwnLSTM] | type[TorchLSTM]] = {"own": OwnLSTM, "torch": TorchLSTM}


@torch.no_grad()
def initialise(stack: nn.Module) -> None:
    """Xavier (Glorot & Bengio 2010) for every gate's matrix by itself, since each is a map of its own; biases zero."""
    for name, parameter in stack.named_parameters():
        if name.startswith("bias"):
            parameter.zero_()
        else:
            for gate in parameter.chunk(4):
                nn.init.xavier_uniform_(gate)
