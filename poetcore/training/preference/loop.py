"""The updates of a fine-tune: rated poems pull, the corpus holds."""

import math
import time
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from poetcore.corpus import TRAIN, VALIDATION, PreparedCorpus, Vocabulary
from poetcore.errors import CheckpointError, TrainingError
from poetcore.package import PoetCard, Tensors
from poetcore.training.checkpoints import (
    Checkpoint,
    has_checkpoint,
    load_checkpoint,
    optimiser_tensors,
    restore_optimiser,
    save_checkpoint,
    under,
)
from poetcore.training.data import Sequences
from poetcore.training.hardware import Hardware
from poetcore.training.learner import set_parameters
from poetcore.training.optimisers import build_optimiser, learning_rate
from poetcore.training.preference.losses import kto_loss, weighted_loss
from poetcore.training.preference.model import model_of, training_settings
from poetcore.training.preference.poems import RatedPoems
from poetcore.training.preference.progress import FinetuneObserver, FinetuneProgress
from poetcore.training.preference.run import FinetuneRun
from poetcore.training.preference.selection import Selection

# A killed fine-tune loses at most this much work (the promise is a minute).
_SAVE_EVERY_S: Final = 30.0
# The figures of one update jump with its few rated poems: an observer is told the mean of so many.
_SMOOTHED: Final = 10
_EVALUATION_POEMS: Final = 256


@dataclass
class _State:
    """Where it stands, as JSON has it."""

    updates: int = 0
    seconds: float = 0.0
    perplexity_before: float | None = None
    history: list[dict[str, Any]] = field(default_factory=list)
    """The rows of metrics.jsonl."""


class Finetuner:
    """A poet that learns from its ratings, and where it stands."""

    def __init__(
        self,
        run: FinetuneRun,
        card: PoetCard,
        tensors: Tensors,
        selection: Selection,
        replay: PreparedCorpus,
        observer: FinetuneObserver,
    ) -> None:
        """`card` and `tensors` are the old poet's; `replay` is the corpus as `replayed` gives it."""
        self._run, self._settings, self._observer, self._selection = run, run.settings, observer, selection
        self._training = training_settings(card, run.settings)
        self._hardware = Hardware.chosen(self._training)
        # Numbers below 1e-38 cost a hundred times others on x86 and mean nothing here.
        torch.set_flush_denormal(True)
        torch.manual_seed(self._settings.seed)
        self.model = model_of(card, tensors, self._training, self._hardware)
        self._parent = tensors
        vocabulary = Vocabulary(card.vocabulary.characters)
        device = self._hardware.device
        self._rated = RatedPoems(selection.poems, vocabulary, device)
        self._corpus = replay
        self._replay = Sequences(replay, TRAIN, self._training, device)
        self._reference = torch.zeros(0)
        # float16 ends at 6e-8: gradients are scaled up for it, and down again before the update.
        self._scaler = torch.amp.GradScaler(device.type, enabled=self._hardware.arithmetic == torch.float16)
        self._optimiser = build_optimiser(self.model.parameters(), self._training)
        self._state = _State()
        self._saved_at = time.monotonic()

    def train(self) -> dict[str, Any]:
        """Train to the end of the budget, going on from the run's last checkpoint if it has one; return the outcome.

        Raises as `finetune` says.
        """
        self.model.train()
        if has_checkpoint(self._run.checkpoints):
            self._restore(load_checkpoint(self._run.checkpoints))
        else:
            self._begin()
        state, settings = self._state, self._settings
        self._observer.began(state.updates, settings.updates, str(self._hardware), str(self._selection))
        while (stopped := self._why_stop()) is None:
            self._update()
            self._tell()
            if time.monotonic() - self._saved_at >= _SAVE_EVERY_S:
                self._save()
        self._save()
        self._run.write_metrics(state.history)
        self._step_back()
        after = self._perplexity()
        last = state.history[-_SMOOTHED:]
        return {
            "stopped": stopped,
            "updates": state.updates,
            "seconds": round(state.seconds, 1),
            "loss": _mean(last, "loss"),
            "margin": _mean(last, "margin"),
            "replay_loss": _mean(last, "replay_loss"),
            "validation_perplexity_before": state.perplexity_before,
            "validation_perplexity_after": after,
            "history": state.history,
        }

    @torch.no_grad()
    def _step_back(self) -> None:
        """Go part of the way back to the old poet: what was learned from ratings stays, of the corpus less is lost."""
        for name, weight in self.model.package_tensors().items():
            weight.lerp_(torch.from_numpy(self._parent[name]).to(weight), 1 - self._settings.tuned_share)

    def _begin(self) -> None:
        # In the arithmetic of training: at the first update every log-ratio is zero.
        self._reference = self._rated.reference(self.model)
        self._state.perplexity_before = self._perplexity()
        self._save()

    def _why_stop(self) -> str | None:
        if self._state.updates >= self._settings.updates:
            return "updates"
        limit = self._settings.minutes * 60
        return "minutes" if limit and self._state.seconds >= limit else None

    def _update(self) -> None:
        state, settings = self._state, self._settings
        started = time.monotonic()
        for group in self._optimiser.param_groups:
            group["lr"] = learning_rate(state.updates, settings.updates, self._training)
        self._optimiser.zero_grad(set_to_none=True)
        preference, margin = self._preference()
        replay = self._replay_loss()
        share = settings.replay_share
        loss: Tensor = (1 - share) * preference + share * replay
        if not math.isfinite(loss.item()):
            raise self._diverged(f"the loss of update {state.updates + 1}")
        self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        self._scaler.unscale_(self._optimiser)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), settings.clip_norm)
        self._scaler.step(self._optimiser)
        self._scaler.update()
        state.updates += 1
        state.seconds += time.monotonic() - started
        state.history.append(
            {
                "update": state.updates,
                "loss": loss.item(),
                "preference_loss": preference.item(),
                "margin": margin,
                "replay_loss": replay.item(),
            }
        )

    def _preference(self) -> tuple[Tensor, float]:
        """The loss of the update's rated poems, and how much liked ones have gained on disliked ones."""
        settings = self._settings
        indices = drawn(len(self._rated), settings.rated_poems, self._state.updates, settings.seed)
        chosen = torch.tensor(indices, device=self._hardware.device)
        liked, weights = self._rated.liked[chosen], self._rated.weights[chosen]
        log_likelihoods = self._rated.log_likelihoods(self.model, indices)
        log_ratios = log_likelihoods - self._reference[chosen]
        if settings.method == "kto":
            loss = kto_loss(log_ratios, liked, weights, settings.beta)
        else:
            loss = weighted_loss(log_likelihoods, liked, weights, settings.reward_temperature)
        gains = log_ratios.detach()
        both = bool(liked.any()) and not bool(liked.all())
        return loss, (gains[liked].mean() - gains[~liked].mean()).item() if both else 0.0

    def _replay_loss(self) -> Tensor:
        """Mean cross-entropy of the update's corpus poems, nats a token."""
        count = self._settings.replayed_poems
        if not count:
            return torch.zeros((), device=self._hardware.device)
        poems = np.arange(self._state.updates * count, (self._state.updates + 1) * count) % len(self._replay)
        told = np.random.default_rng((self._settings.seed, 2, self._state.updates)).random((count, 4))
        total: Tensor = self.model(self._replay.batch(poems, told))
        return total / self._replay.predictions(poems)

    def _tell(self) -> None:
        state, last = self._state, self._state.history[-_SMOOTHED:]
        per_update = state.seconds / state.updates
        eta = (self._settings.updates - state.updates) * per_update
        if self._settings.minutes:
            eta = min(eta, self._settings.minutes * 60 - state.seconds)
        self._observer.updated(
            FinetuneProgress(
                update=state.updates,
                updates=self._settings.updates,
                loss=_mean(last, "loss"),
                margin=_mean(last, "margin"),
                replay_loss=_mean(last, "replay_loss"),
                seconds=state.seconds,
                eta_s=max(0.0, eta),
            )
        )

    @torch.no_grad()
    def _perplexity(self) -> float | None:
        """Perplexity of validation poems, exact; None if there are none."""
        if not self._settings.validation_poems:
            return None
        sequences = Sequences(self._corpus, VALIDATION, self._training, self._hardware.device)
        if not len(sequences):
            return None
        self.model.eval()
        total = torch.stack([self.model(batch) for batch in sequences.batches(_EVALUATION_POEMS)]).sum().item()
        self.model.train()
        entropy = total / sequences.predictions(np.arange(len(sequences)))
        if not math.isfinite(entropy) or entropy > 100:
            raise self._diverged("the validation perplexity")
        return math.exp(entropy)

    def _diverged(self, what: str) -> TrainingError:
        return TrainingError(f"{what} is not a number: fine-tune anew with a lower learning_rate")

    def _save(self) -> None:
        parameters = {name: tensor.cpu() for name, tensor in self.model.package_tensors().items()}
        if not all(bool(tensor.isfinite().all()) for tensor in parameters.values()):
            raise self._diverged(f"a weight after update {self._state.updates}")
        tensors = {f"model.{name}": tensor for name, tensor in parameters.items()}
        tensors |= optimiser_tensors(self._optimiser)
        tensors |= {"reference": self._reference.cpu(), "random": torch.get_rng_state()}
        if self._scaler.is_enabled():
            tensors["scale"] = torch.tensor(self._scaler.get_scale())
        save_checkpoint(self._run.checkpoints, Checkpoint(tensors, asdict(self._state)))
        self._saved_at = time.monotonic()

    def _restore(self, checkpoint: Checkpoint) -> None:
        try:
            self._state = _State(**checkpoint.state)
            set_parameters(self.model, under("model.", checkpoint.tensors))
            restore_optimiser(self._optimiser, under("optimiser.", checkpoint.tensors))
            self._reference = checkpoint.tensors["reference"].to(self._hardware.device)
            torch.set_rng_state(checkpoint.tensors["random"])
            if self._scaler.is_enabled():
                state = self._scaler.state_dict() | {"scale": checkpoint.tensors["scale"].item()}
                self._scaler.load_state_dict(state)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise CheckpointError(f"the checkpoint in {self._run.checkpoints} is not of this run: {error}") from error


def drawn(poems: int, count: int, update: int, seed: int) -> list[int]:
    """The rated poems of update `update` (from 0): all `poems` in an order of their own, again and again."""
    places = range(update * count, (update + 1) * count)
    return [_order(poems, seed, place // poems)[place % poems] for place in places]


@lru_cache(maxsize=4)
def _order(poems: int, seed: int, turn: int) -> list[int]:
    order: list[int] = np.random.default_rng((seed, 1, turn)).permutation(poems).tolist()
    return order


def _mean(rows: list[dict[str, Any]], key: str) -> float:
    return math.fsum(row[key] for row in rows) / max(1, len(rows))
