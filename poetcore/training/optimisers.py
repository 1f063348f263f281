"""The optimisers by name, and the learning rate of each update."""

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import torch
from torch import Tensor, nn

from poetcore.training.muon import Muon, Together
from poetcore.training.presets import TrainingSettings

# What is left of the learning rate at the end of the cosine.
_FLOOR = 0.01
# How many numbers each optimiser remembers of a parameter; muon of a gate's one only.
_REMEMBERED: Final = {"sgd": 0, "adagrad": 1, "adadelta": 2, "adam": 2, "adamw": 2, "muon": 2}


def build_optimiser(
    parameters: Iterable[nn.Parameter],
    settings: TrainingSettings,
    gate_weights: Sequence[Tensor] = (),
    arithmetic: torch.dtype = torch.float32,
) -> torch.optim.Optimizer:
    """The optimiser of `settings` over the parameters that learn.

    `gate_weights`: the ones of them that "muon" is for, the rest it leaves to AdamW; `arithmetic`: of its products.
    """
    learning = [parameter for parameter in parameters if parameter.requires_grad]
    rate, decay = settings.learning_rate, settings.weight_decay
    match settings.optimiser:
        case "sgd":
            return torch.optim.SGD(learning, lr=rate, weight_decay=decay)
        case "adagrad":
            return torch.optim.Adagrad(learning, lr=rate, weight_decay=decay)
        case "adadelta":
            return torch.optim.Adadelta(learning, lr=rate, weight_decay=decay)
        case "adam":
            return torch.optim.Adam(learning, lr=rate, weight_decay=decay, fused=True)
        case "muon" if gate_weights:
            apart = {id(weight) for weight in gate_weights}
            others = [parameter for parameter in learning if id(parameter) not in apart]
            return Together(
                (
                    Muon(gate_weights, rate, decay, arithmetic),
                    torch.optim.AdamW(others, lr=rate, weight_decay=decay, fused=True),
                )
            )
        case _:
            return torch.optim.AdamW(learning, lr=rate, weight_decay=decay, fused=True)


def training_bytes(parameters: int, settings: TrainingSettings) -> int:
    """Bytes of so many float32 parameters, of their gradients and average, and of what the optimiser remembers."""
    return 4 * parameters * (2 + _REMEMBERED[settings.optimiser] + bool(settings.average))


def learning_rate(update: int, total_updates: int, settings: TrainingSettings) -> float:
    """The learning rate of update `update` (counted from 0): a linear rise, then constant or a cosine."""
    rate = settings.learning_rate
    if update < settings.warmup_updates:
        return rate * (update + 1) / settings.warmup_updates
    if not settings.decay:
        return rate
    through = (update - settings.warmup_updates) / max(1, total_updates - settings.warmup_updates)
    return rate * (_FLOOR + (1 - _FLOOR) * 0.5 * (1 + math.cos(math.pi * min(1.0, through))))


class Average:
    """A running average of a model's weights (Polyak & Juditsky 1992; exponential, as is usual since), or none."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        """`decay` 0 keeps no average: then everything here does nothing."""
        self._model, self._decay = model, decay
        self._updates = 0
        self.tensors: dict[str, Tensor] = {}
        """By parameter name; float32."""

    @torch.no_grad()
    def update(self) -> None:
        """Take in the weights after an update."""
        if not self._decay:
            return
        present = dict(self._model.named_parameters())
        if not self.tensors:
            self.tensors = {name: parameter.detach().clone() for name, parameter in present.items()}
        self._updates += 1
        # Early on it forgets faster, or the first weights would outlive their use.
        decay = min(self._decay, self._updates / (10 + self._updates))
        torch._foreach_lerp_(list(self.tensors.values()), [present[name] for name in self.tensors], 1 - decay)

    def restore(self, tensors: dict[str, Tensor], updates: int) -> None:
        """Go on from a checkpoint's average, taken after `updates` updates."""
        device = next(self._model.parameters()).device
        self.tensors, self._updates = {name: tensor.to(device) for name, tensor in tensors.items()}, updates

    @contextmanager
    @torch.no_grad()
    def in_place(self) -> Iterator[None]:
        """Inside, the model has the averaged weights."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def _swap(self) -> None:
        for name, parameter in self._model.named_parameters():
            if name in self.tensors:
                parameter.data, self.tensors[name] = self.tensors[name], parameter.data
