"""The project's own training as the benchmarks see it: the one file here that knows its insides."""

from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path

import torch
from torch import Tensor, nn

from benchmarks.corpora import Course
from poetcore.corpus import TRAIN
from poetcore.nn.language_model import LanguageModel
from poetcore.nn.lookup import Steps
from poetcore.nn.loss import linear_cross_entropy
from poetcore.nn.lstm_own import OwnLSTM, recurrence
from poetcore.training.data import Epoch, Sequences
from poetcore.training.hardware import Hardware
from poetcore.training.loop import build_model
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
        settings = course.settings
        hardware = Hardware.chosen(settings)
        torch.set_flush_denormal(True)
        torch.manual_seed(settings.seed)
        self._settings, self._order = settings, course.order
        self._sequences = Sequences(course.corpus, TRAIN, settings, hardware.device)
        self._told = Epoch.of(len(self._sequences), settings.seed, 1).told
        self._model = _model(course, hardware).to(hardware.device)
        self._optimiser = build_optimiser(
            self._model.parameters(), settings, self._model.gate_weights, hardware.arithmetic
        )
        self._average = Average(self._model.package_tensors, settings.average)
        self._scaler = torch.amp.GradScaler(hardware.device.type, enabled=hardware.arithmetic == torch.float16)
        self._updates = count()

    def update(self) -> int:
        """Make one update; returns its real tokens."""
        settings, size = self._settings, self._settings.batch_poems
        update = next(self._updates)
        place = update % (len(self._order) // size)
        poems = self._order[place * size : (place + 1) * size]
        batch = self._sequences.batch(poems, self._told[poems])
        for group in self._optimiser.param_groups:
            group["lr"] = learning_rate(update, _TOTAL_UPDATES, settings)
        loss_sum, tokens = self._model(batch), self._sequences.predictions(poems)
        self._optimiser.zero_grad(set_to_none=True)
        self._scaler.scale(loss_sum / tokens).backward()
        if settings.clip_norm:
            self._scaler.unscale_(self._optimiser)
            torch.nn.utils.clip_grad_norm_(self._model.parameters(), settings.clip_norm)
        self._scaler.step(self._optimiser)
        self._scaler.update()
        self._average.update()
        return tokens

    def weights(self) -> Mapping[str, Tensor]:
        """The weights under the names of a poet package."""
        return self._model.package_tensors()


def parameter_count(course: Course) -> int:
    """Weights that learn in the model of the course's settings."""
    with torch.device("meta"):
        model = _model(course, Hardware.chosen(course.settings))
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


def _model(course: Course, hardware: Hardware) -> LanguageModel:
    corpus, settings = course.corpus, course.settings
    # A run that is never written: it only says what the model is of.
    run = Run(Path(), settings, corpus.fingerprint, corpus.vocabulary(settings.vocabulary_size))
    return build_model(run, hardware)
