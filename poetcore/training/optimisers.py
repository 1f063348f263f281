"""The optimisers by name, and the learning rate of each update."""

import math
from collections.abc import Iterable

import torch
from torch import nn

from poetcore.training.presets import TrainingSettings

# What is left of the learning rate at the end of the cosine.
_FLOOR = 0.01


def build_optimiser(parameters: Iterable[nn.Parameter], settings: TrainingSettings) -> torch.optim.Optimizer:
    """The optimiser of `settings` over the parameters that learn."""
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
        case _:
            return torch.optim.AdamW(learning, lr=rate, weight_decay=decay, fused=True)


def learning_rate(update: int, total_updates: int, settings: TrainingSettings) -> float:
    """The learning rate of update `update` (counted from 0): a linear rise, then constant or a cosine."""
    rate = settings.learning_rate
    if update < settings.warmup_updates:
        return rate * (update + 1) / settings.warmup_updates
    if not settings.decay:
        return rate
    through = (update - settings.warmup_updates) / max(1, total_updates - settings.warmup_updates)
    return rate * (_FLOOR + (1 - _FLOOR) * 0.5 * (1 + math.cos(math.pi * min(1.0, through))))
