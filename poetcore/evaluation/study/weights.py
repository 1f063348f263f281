"""A trained arm's weights, and what can be asked of them: bits per hanzi, poems."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import numpy as np
import torch

from poetcore.corpus import Vocabulary
from poetcore.evaluation.bits import measure
from poetcore.evaluation.study.plan import BEGINNINGS
from poetcore.generation.engine import Engine
from poetcore.nn.language_model import LanguageModel
from poetcore.package import Architecture, Tensors
from poetcore.training.checkpoints import load_checkpoint
from poetcore.training.loop import set_parameters
from poetcore.training.presets import TrainingSettings
from poetcore.training.run import Run
from poetcore.training.sampling import sample_poem

TEMPERATURE: Final = 0.8
"""Of `sample_poem`."""


def tensors_of(model: LanguageModel) -> Tensors:
    """A copy of the model's parameters, float32, named as in a poet package."""
    return {name: tensor.float().cpu().numpy().copy() for name, tensor in model.package_tensors().items()}


@contextmanager
def best_weights(model: LanguageModel, run: Run) -> Iterator[None]:
    """While entered, `model` has the weights of the run's best epoch so far. Raises `CheckpointError`."""
    present = {name: tensor.clone() for name, tensor in model.package_tensors().items()}
    set_parameters(model, load_checkpoint(run.best).tensors)
    try:
        yield
    finally:
        set_parameters(model, present)


@torch.no_grad()
def fill(model: LanguageModel, value: float) -> None:
    """Set every parameter that learns to `value`."""
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.fill_(value)


def bits_per_hanzi(tensors: Tensors, settings: TrainingSettings, vocabulary: Vocabulary, texts: list[str]) -> float:
    """Of `texts`, whole and untruncated: see `poetcore.evaluation.bits`."""
    sizes = Architecture(
        embedding_size=settings.embedding_size,
        hidden_size=settings.hidden_size,
        layers=settings.layers,
        tied=settings.tied,
    )
    return measure(Engine(sizes, tensors), vocabulary, texts).bits_per_hanzi


def poems_of(model: LanguageModel, run: Run) -> dict[str, str | None]:
    """A plain sample for each of the report's beginnings; None where the vocabulary lacks it."""
    return {
        beginning: sample_poem(model, run.vocabulary, beginning, (run.settings.seed, number))
        if beginning in run.vocabulary
        else None
        for number, beginning in enumerate(BEGINNINGS)
    }


def parameters_of(tensors: Tensors) -> int:
    """How many numbers the model learns."""
    return sum(int(np.prod(tensor.shape)) for tensor in tensors.values())
