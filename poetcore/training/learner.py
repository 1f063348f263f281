"""A model and all that its updates need. `poet train` makes its updates here, and so do the benchmarks."""

import numpy as np
import torch
from torch import Tensor

from poetcore.nn.language_model import Batch, LanguageModel
from poetcore.package import Tensors
from poetcore.training.checkpoints import optimiser_tensors, restore_optimiser, under
from poetcore.training.hardware import Hardware
from poetcore.training.optimisers import Average, build_optimiser, learning_rate
from poetcore.training.ranks import ALONE, Ranks
from poetcore.training.run import Run


class Learner:
    """What an update changes: the weights, what the optimiser remembers, their average."""

    def __init__(
        self, run: Run, hardware: Hardware, updates: int, ranks: Ranks = ALONE, start: Tensors | None = None
    ) -> None:
        """`updates`: the length of the schedule; `start`: the weights of a package, None for the seed's random ones."""
        settings = run.settings
        self._settings, self._ranks, self._updates = settings, ranks, updates
        # Numbers below 1e-38 cost a hundred times others on x86 and mean nothing here.
        torch.set_flush_denormal(True)
        torch.manual_seed(settings.seed)
        self.model = build_model(run, hardware).to(hardware.device)
        if start is not None:
            self.model.take_package_tensors(start)
        self._distributed = ranks.wrapped(self.model)
        # float16 ends at 6e-8: gradients are scaled up for it, and down again before the update.
        self._scaler = torch.amp.GradScaler(hardware.device.type, enabled=hardware.arithmetic == torch.float16)
        self._optimiser = build_optimiser(
            self.model.parameters(), settings, self.model.gate_weights, hardware.arithmetic
        )
        self.average = Average(self.model.package_tensors, settings.average)

    def update(self, number: int, batch: Batch, predictions: int, counts: bool = True) -> Tensor:
        """Make update `number`, counted from 0; returns the summed cross-entropy of `batch` in nats, on its device.

        `batch` is this rank's share, `predictions` the tokens that all ranks predict together. A share that does not
        count adds nothing: gradients wait for all ranks, also for one that is left without poems.
        """
        self._draw_for(number)
        for group in self._optimiser.param_groups:
            group["lr"] = self.rate(number)
        loss_sum: Tensor = self._distributed(batch)
        if not counts:
            loss_sum = 0 * loss_sum
        # The mean over the whole batch; of several ranks' gradients, DistributedDataParallel leaves the mean.
        mean = loss_sum * self._ranks.count / predictions
        self._optimiser.zero_grad(set_to_none=True)
        self._scaler.scale(mean).backward()  # type: ignore[no-untyped-call]
        if self._settings.clip_norm:
            self._scaler.unscale_(self._optimiser)
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), self._settings.clip_norm)
        self._scaler.step(self._optimiser)
        self._scaler.update()
        self.average.update()
        return loss_sum.detach()

    def rate(self, number: int) -> float:
        """The learning rate of update `number`."""
        return learning_rate(number, self._updates, self._settings)

    def weights(self) -> dict[str, Tensor]:
        """The weights, on the CPU, under names that are the same on every machine, whichever layer it has."""
        return {name: tensor.cpu() for name, tensor in self.model.package_tensors().items()}

    def is_finite(self) -> bool:
        """Whether all weights are numbers."""
        return all(bool(tensor.isfinite().all()) for tensor in self.weights().values())

    def tensors(self) -> dict[str, Tensor]:
        """What `restore` needs."""
        tensors = {f"model.{name}": tensor for name, tensor in self.weights().items()}
        tensors |= optimiser_tensors(self._optimiser)
        tensors |= {f"average.{name}": tensor for name, tensor in self.average.tensors.items()}
        if self._scaler.is_enabled():
            tensors["scale"] = torch.tensor(self._scaler.get_scale())
        return tensors

    def restore(self, tensors: dict[str, Tensor], updates: int) -> None:
        """Go on from what `tensors` gave after `updates` updates.

        Raises KeyError, TypeError, ValueError or RuntimeError if they are of another model.
        """
        set_parameters(self.model, under("model.", tensors))
        restore_optimiser(self._optimiser, under("optimiser.", tensors))
        self.average.restore(under("average.", tensors), updates)
        if self._scaler.is_enabled():
            state = self._scaler.state_dict() | {"scale": tensors["scale"].item()}
            self._scaler.load_state_dict(state)

    def _draw_for(self, number: int) -> None:
        """Let dropout and the sampled loss draw from a stream that is the update's and the rank's own.

        So a run that goes on draws what it would have drawn, on every device and rank, and no checkpoint keeps streams.
        """
        stream = np.random.SeedSequence((self._settings.seed, self._ranks.rank, number))
        torch.manual_seed(int(stream.generate_state(1, np.uint64)[0]))


def build_model(run: Run, hardware: Hardware) -> LanguageModel:
    """The model of `run` with its initial weights."""
    settings = run.settings
    return LanguageModel(
        run.architecture,
        hardware.lstm,
        settings.dropout,
        hardware.arithmetic,
        hardware.sampling(settings),
        settings.initialisation,
        settings.weight_drop,
    )


@torch.no_grad()
def set_parameters(model: LanguageModel, tensors: dict[str, Tensor]) -> None:
    """Copy `tensors`, named as `package_tensors` names them, into the model; raises KeyError or RuntimeError."""
    for name, parameter in model.package_tensors().items():
        # They share the parameters' memory.
        parameter.copy_(tensors[name])
