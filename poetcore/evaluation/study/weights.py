"""A trained arm's weights, and what can be asked of them: bits per hanzi, poems."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from poetcore.evaluation.bits import measure
from poetcore.evaluation.study.plan import BEGINNINGS
from poetcore.generation.engine import Engine
from poetcore.nn.language_model import LanguageModel
from poetcore.package import Tensors
from poetcore.training.checkpoints import load_checkpoint
from poetcore.training.learner import set_parameters
from poetcore.training.run import Run
from poetcore.training.sampling import sample_poem


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


def bits_per_hanzi(model: LanguageModel, run: Run, texts: list[str]) -> float:
    """Of `texts`, whole and untruncated, by `model` of `run`: see `poetcore.evaluation.bits`."""
    return measure(Engine(run.sizes, tensors_of(model)), run.vocabulary, texts).bits_per_hanzi


def poems_of(model: LanguageModel, run: Run) -> dict[str, str | None]:
    """A plain sample for each of the report's beginnings; None where the vocabulary lacks it."""
    return {
        beginning: sample_poem(model, run.vocabulary, beginning, (run.settings.seed, number))
        if beginning in run.vocabulary
        else None
        for number, beginning in enumerate(BEGINNINGS)
    }
