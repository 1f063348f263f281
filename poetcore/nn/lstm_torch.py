"""`torch.nn.LSTM` behind the interface of our own layer: the judge beside it on a CPU, the fast one on a GPU."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.func import functional_call

from poetcore.nn.lookup import Lookup, Steps

Layer = Callable[..., tuple[Tensor, Any]]
"""Rows, padded or packed, to hidden states and the last state."""


class LSTMStack(Protocol):
    """Stacked LSTM layers over the packed rows of a batch."""

    def __call__(self, inputs: Lookup, steps: Steps, between: Callable[[Tensor], Tensor]) -> Tensor:
        """From `inputs` [N, D], zero initial state, to the last layer's hidden states [N, H].

        `between` is applied to what one layer hands to the next: dropout.
        """


class TorchLSTM(nn.ModuleList):
    """One `nn.LSTM` a layer: cuDNN's fastest path takes one layer a call, and dropout is ours.

    torch has two biases whose sum is all that counts; the second stays zero, so that training moves b as fast as in a
    layer with one bias.
    """

    def __init__(self, input_size: int, hidden_size: int, layers: int = 1, weight_drop: float = 0.0) -> None:
        """As `OwnLSTM`."""
        super().__init__(nn.LSTM(input_size if layer == 0 else hidden_size, hidden_size) for layer in range(layers))
        for layer in self:
            nn.init.zeros_(layer.get_parameter("bias_hh_l0")).requires_grad_(False)
        self.weight_drop = weight_drop

    def forward(self, inputs: Lookup, steps: Steps, between: Callable[[Tensor], Tensor]) -> Tensor:
        """As `LSTMStack.__call__`."""
        hidden = inputs.dense()
        run = _packed if hidden.device.type == "cpu" else _padded
        # The weights are float32; autocast gives cuDNN and oneDNN the copies they want.
        narrow = hidden.dtype in (torch.bfloat16, torch.float16)
        with torch.autocast(hidden.device.type, hidden.dtype) if narrow else nullcontext():
            for number, layer in enumerate(self):
                hidden = run(self._dropped(layer), between(hidden) if number else hidden, steps)
        return hidden

    def _dropped(self, layer: nn.Module) -> Layer:
        if not (self.training and self.weight_drop):
            return layer
        weight_hh = nn.functional.dropout(layer.get_parameter("weight_hh_l0"), self.weight_drop)
        return lambda rows: functional_call(layer, {"weight_hh_l0": weight_hh}, (rows,))

    def layer_parameter(self, name: str, layer: int) -> Tensor:
        """As `OwnLSTM.layer_parameter`."""
        return self[layer].get_parameter(f"{name}_l0")


def _packed(layer: Layer, rows: Tensor, steps: Steps) -> Tensor:
    packed = nn.utils.rnn.PackedSequence(rows, torch.tensor(steps.sizes))
    hidden: Tensor = layer(packed)[0].data
    return hidden


def _padded(layer: Layer, rows: Tensor, steps: Steps) -> Tensor:
    """cuDNN is several times slower on packed rows than on padded ones, and padding at the end changes nothing."""
    return steps.packed(layer(steps.padded(rows))[0])
