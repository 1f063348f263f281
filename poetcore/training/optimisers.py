"""The optimisers by name, and the learning rate of each update."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
    Raises `ValueError` for "muon" without any.
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
        case "adamw":
            return torch.optim.AdamW(learning, lr=rate, weight_decay=decay, fused=True)
        case "muon" if gate_weights:
            apart = {id(weight) for weight in gate_weights}
            others = [parameter for parameter in learning if id(parameter) not in apart]
            return Together(
                (
                    Muon(gate_weights, rate, decay, arithmetic),
                    torch.optim.AdamW(others, lr=rate, weight_decay=decay, fused=True),
                )
            )
        case unknown:
            raise ValueError(f"no optimiser {unknown} over {len(gate_weights)} gates' weights")


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

    def __init__(self, weights: Callable[[], Mapping[str, Tensor]], decay: float) -> None:
        """`weights`: gives the model's own, by the names that they are kept under.

        `decay` 0 keeps no average: then everything here does nothing.
        """
        self._weights, self._decay = weights, decay
        self._updates = 0
        self.tensors: dict[str, Tensor] = {}
        """By name; float32."""

    @torch.no_grad()
    def update(self) -> None:
        """Take in the weights after an update."""
        if not self._decay:
            return
        present = self._weights()
        if not self.tensors:
            self.tensors = {name: weight.detach().clone() for name, weight in present.items()}
        self._updates += 1
        # Early on it forgets faster, or the first weights would outlive their use.
        decay = min(self._decay, self._updates / (10 + self._updates))
        torch._foreach_lerp_(list(self.tensors.values()), [present[name] for name in self.tensors], 1 - decay)

    def restore(self, tensors: dict[str, Tensor], updates: int) -> None:
        """Go on from a checkpoint's average, taken after `updates` updates; raises KeyError if it lacks a weight."""
        present = self._weights() if tensors else {}
        self.tensors = {name: tensors[name].to(weight.device) for name, weight in present.items()}
        self._updates = updates

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
        present = self._weights()
        for name, average in self.tensors.items():
            kept = present[name].clone()
            present[name].copy_(average)
            average.copy_(kept)
