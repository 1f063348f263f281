"""The project's own training as the benchmarks see it: the one file here that knows its insides."""

from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path

import torch
from torch import Tensor, nn

from benchmarks.corpora import Course
from poetcore.corpus import TRAIN
from poetcore.nn.lookup import Steps
from poetcore.nn.loss import linear_cross_entropy
from poetcore.nn.lstm_own import OwnLSTM, recurrence
from poetcore.training.data import Epoch, Sequences
from poetcore.training.hardware import Hardware
from poetcore.training.learner import Learner, build_model
from poetcore.training.muon import Muon, Together
from poetcore.training.optimisers import Average, build_optimiser, learning_rate
from poetcore.training.presets import TrainingSettings
from poetcore.training.run import Run

__all__ = [
    "Average",
    "Hardware",
    "Muon",
    "OurLoop",
    "Together",
    "build_optimiser",
    "learning_rate",
    "output_loss",
    "own_layer",
    "parameter_count",
]

# Far from the end of a schedule, where the rate hardly changes: benchmarks are short.
_TOTAL_UPDATES = 1_000_000


class OurLoop:
    """Training as `poet train` does it, an update at a time."""

    def __init__(self, course: Course) -> None:
        """The model begins at the settings' seed; the course's batches come again when all were seen."""
        settings, hardware = course.settings, Hardware.chosen(course.settings)
        self._size, self._order = settings.batch_poems, course.order
        self._sequences = Sequences(course.corpus, TRAIN, settings, hardware.device)
        self._told = Epoch.of(len(self._sequences), settings.seed, 1).told
        self._learner = Learner(_run_of(course), hardware, _TOTAL_UPDATES)
        self._updates = count()

    def update(self) -> int:
        """Make one update; returns its real tokens."""
        update = next(self._updates)
        place = update % (len(self._order) // self._size)
        poems = self._order[place * self._size :][: self._size]
        tokens = self._sequences.predictions(poems)
        self._learner.update(update, self._sequences.batch(poems, self._told[poems]), tokens)
        return tokens

    def weights(self) -> Mapping[str, Tensor]:
        """The weights under the names of a poet package."""
        return self._learner.weights()


def parameter_count(course: Course) -> int:
    """Weights that learn in the model of the course's settings."""
    with torch.device("meta"):
        model = build_model(_run_of(course), Hardware.chosen(course.settings))
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def output_loss(hidden: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, settings: TrainingSettings) -> Tensor:
    """Summed cross-entropy in nats of an output layer over `hidden` [N, H], as our model in training computes it.

    The products are in the dtype of `hidden`, float32 or bfloat16.
    """
    sampling = Hardware.chosen(settings).sampling(settings)
    return linear_cross_entropy(hidden, weight.to(hidden.dtype), bias, targets, sampling)


def own_layer(
    input_size: int, hidden_size: int, steps: int, batch: int, settings: TrainingSettings
) -> tuple[Callable[[Tensor], Tensor], nn.Module]:
    """One layer of our own as it stands in a stack, in the settings' arithmetic; and the module with its weights.

    It goes from [T, B, E] to [T, B, H], with T `steps` and B `batch`.
    """
    hardware = Hardware.chosen(settings)
    layer = OwnLSTM(input_size, hidden_size).to(hardware.device)
    for parameter in layer.parameters():
        nn.init.uniform_(parameter, -(hidden_size**-0.5), hidden_size**-0.5)
    all_alive = Steps.of((batch,) * steps, hardware.device)

    def run(inputs: Tensor) -> Tensor:
        weight_ih, weight_hh, bias = (layer.layer_parameter(name, 0) for name in ("weight_ih", "weight_hh", "bias_ih"))
        gates = inputs.flatten(0, 1).to(hardware.arithmetic) @ weight_ih.to(hardware.arithmetic).t()
        hidden = recurrence(gates, weight_hh.to(hardware.arithmetic), bias, all_alive)
        return hidden.view(steps, batch, hidden_size)

    return run, layer


def _run_of(course: Course) -> Run:
    """A run that is never written: it only says what the model is of."""
    corpus, settings = course.corpus, course.settings
    return Run(Path(), settings, corpus.fingerprint, corpus.vocabulary(settings.vocabulary_size))
