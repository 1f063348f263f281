"""One LSTM layer alone, forward and backward: our own against `torch.nn.LSTM`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from benchmarks.ours import own_layer
from benchmarks.timing import Work
from poetcore.training.presets import TrainingSettings

OWN: Final = "own layer"
FLOAT32: Final = "nn.LSTM float32"
BFLOAT16: Final = "nn.LSTM bfloat16 autocast"


@dataclass(frozen=True)
class LayerSizes:
    """What goes through the layer; every row lives to the last step."""

    batch: int = 256
    steps: int = 49
    inputs: int = 128
    hidden: int = 256


def layer_arms(sizes: LayerSizes, settings: TrainingSettings, device: torch.device) -> dict[str, Work]:
    """Arms of `interleaved_rates`; the work is tokens: batch x steps a call. Ours is in the settings' arithmetic."""
    inputs = torch.randn(sizes.steps, sizes.batch, sizes.inputs, device=device, requires_grad=True)
    gradient = torch.randn(sizes.steps, sizes.batch, sizes.hidden, device=device)
    run_own, own = own_layer(sizes.inputs, sizes.hidden, sizes.steps, sizes.batch, settings)
    torchs = nn.LSTM(sizes.inputs, sizes.hidden).to(device)

    def run_float32(batch: Tensor) -> Tensor:
        outputs: Tensor = torchs(batch)[0]
        return outputs

    def run_bfloat16(batch: Tensor) -> Tensor:
        with torch.autocast(device.type, torch.bfloat16):
            return run_float32(batch)

    def arm(run: Callable[[Tensor], Tensor], layer: nn.Module) -> Work:
        def work() -> float:
            outputs = run(inputs)
            outputs.backward(gradient.to(outputs.dtype))  # type: ignore[no-untyped-call]
            layer.zero_grad(set_to_none=True)
            inputs.grad = None
            return float(sizes.batch * sizes.steps)

        return work

    return {OWN: arm(run_own, own), FLOAT32: arm(run_float32, torchs), BFLOAT16: arm(run_bfloat16, torchs)}
