"""The training loop. Read top-down: set up, then epochs of updates; once in a while save; after an epoch evaluate."""

import math
import time
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Protocol

import torch
from torch import Tensor

from poetcore.corpus import TEST, TRAIN, VALIDATION, PreparedCorpus
from poetcore.errors import CheckpointError, TrainingError
from poetcore.nn.language_model import LanguageModel
from poetcore.training.checkpoints import Checkpoint, has_checkpoint, load_checkpoint, save_checkpoint
from poetcore.training.curves import draw_curves
from poetcore.training.data import Batch, Sequences, epoch_order
from poetcore.training.optimisers import build_optimiser, learning_rate
from poetcore.training.run import Run
from poetcore.training.sampling import sample_poem

# A killed run loses at most this much work (the promise is a minute).
_SAVE_EVERY_S: Final = 30.0
_SAMPLES_BEGIN_WITH: Final = "月"


@dataclass
class Progress:
    """Where training stands: all that decides what comes next, as JSON has it."""

    epoch: int = 1
    """The epoch under way, from 1."""
    batch: int = 0
    """Batches of it that are done."""
    updates: int = 0
    loss_sum: float = 0.0
    """Nats over the epoch's tokens so far."""
    epoch_tokens: int = 0
    tokens: int = 0
    seconds: float = 0.0
    history: list[dict[str, Any]] = field(default_factory=list)
    """The rows of metrics.jsonl."""

    @property
    def best(self) -> dict[str, Any] | None:
        """The row with the lowest validation perplexity."""
        return min(self.history, key=lambda row: float(row["validation_perplexity"]), default=None)

    @property
    def epochs_since_best(self) -> int:
        """Epochs since the best one; 0 right after it."""
        return self.history[-1]["epoch"] - self.best["epoch"] if self.best else 0

    def begin_next_epoch(self) -> None:
        """Count from the start of the epoch after this one."""
        self.epoch += 1
        self.batch, self.loss_sum, self.epoch_tokens = 0, 0.0, 0


class Observer(Protocol):
    """Is told how training goes: the command line draws a progress bar from it."""

    def began(self, progress: Progress, batches: int, epochs: int) -> None:
        """Training starts or resumes at `progress`; an epoch has `batches` batches."""

    def updated(self, progress: Progress, loss: float) -> None:
        """An update was made; `loss` is its mean cross-entropy in nats."""

    def epoch_ended(self, row: dict[str, Any]) -> None:
        """An epoch was evaluated; `row` is its row of metrics.jsonl."""


class Trainer:
    """A model in training, and where it stands."""

    def __init__(self, run: Run, corpus: PreparedCorpus, observer: Observer) -> None:
        """`corpus` is the one that `run` was begun with."""
        self._run, self._settings, self._corpus, self._observer = run, run.settings, corpus, observer
        self._training = Sequences(corpus, TRAIN, run.settings)
        self._validation = Sequences(corpus, VALIDATION, run.settings)
        self._batches = math.ceil(len(self._training) / self._settings.batch_poems)
        # Numbers below 1e-38 cost a hundred times others on x86 and mean nothing here.
        torch.set_flush_denormal(True)
        torch.manual_seed(self._settings.seed)
        self._model = LanguageModel(run.architecture, self._settings.lstm, self._settings.dropout)
        self._optimiser = build_optimiser(self._model.parameters(), self._settings)
        self._progress = Progress()
        self._saved_at = time.monotonic()

    def train(self, minutes: float | None = None) -> dict[str, Any]:
        """Train until the epochs are done, validation turns up or `minutes` have passed; return the result.

        Goes on from the run's last checkpoint if it has one. Raises `TrainingError` when the loss is not a number,
        `CheckpointError` for a damaged or lost checkpoint, `StorageError` when the disk refuses. An interrupt saves
        nothing: it may come between an update and its record, and the last checkpoint is half a minute old at most.
        """
        deadline = time.monotonic() + 60 * minutes if minutes is not None else math.inf
        if has_checkpoint(self._run.checkpoints):
            self._restore(load_checkpoint(self._run.checkpoints))
            # A run killed right after a checkpoint has not written its curve yet.
            self._write_curve()
        elif self._run.has_metrics:
            raise CheckpointError(
                f"{self._run.checkpoints} holds no checkpoint, but epochs were trained: put it back, or start the run "
                f"anew in another folder (poet export {self._run.folder} still takes its best weights)"
            )
        self._observer.began(self._progress, self._batches, self._settings.epochs)
        while (why := self._why_stop()) is None and time.monotonic() < deadline:
            if self._train_epoch(deadline):
                self._end_epoch()
        self._save()
        result = self._result(why or "minutes")
        self._run.write_result(result)
        return result

    def _why_stop(self) -> str | None:
        if self._progress.epochs_since_best >= self._settings.patience:
            return "validation"
        return "epochs" if self._progress.epoch > self._settings.epochs else None

    def _train_epoch(self, deadline: float) -> bool:
        """Go on with the epoch under way; False if the deadline came first."""
        progress = self._progress
        order = epoch_order(len(self._training), self._settings.seed, progress.epoch)
        self._model.train()
        for batch in self._training.batches(self._settings.batch_poems, order, skip=progress.batch):
            self._update(batch)
            if time.monotonic() - self._saved_at >= _SAVE_EVERY_S:
                self._save()
            if time.monotonic() >= deadline:
                return progress.batch == self._batches
        return True

    def _update(self, batch: Batch) -> None:
        progress, settings = self._progress, self._settings
        started = time.monotonic()
        rate = learning_rate(progress.updates, self._batches * settings.epochs, settings)
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        loss_sum, tokens = self._model.loss(batch.tokens, batch.lengths)
        loss = loss_sum.item() / tokens
        if not math.isfinite(loss):
            raise self._diverged(f"the loss of update {progress.updates + 1}")
        self._optimiser.zero_grad(set_to_none=True)
        (loss_sum / tokens).backward()  # type: ignore[no-untyped-call]
        if settings.clip_norm:
            torch.nn.utils.clip_grad_norm_(self._model.parameters(), settings.clip_norm)
        self._optimiser.step()
        progress.batch += 1
        progress.updates += 1
        progress.loss_sum += loss_sum.item()
        progress.epoch_tokens += tokens
        progress.tokens += tokens
        progress.seconds += time.monotonic() - started
        self._observer.updated(progress, loss)

    def _end_epoch(self) -> None:
        progress = self._progress
        validation = self._cross_entropy(self._validation)
        perplexity = _perplexity(validation)
        if not math.isfinite(perplexity):
            raise self._diverged(f"the validation perplexity of epoch {progress.epoch}")
        row = {
            "epoch": progress.epoch,
            "updates": progress.updates,
            "train_cross_entropy": progress.loss_sum / progress.epoch_tokens,
            "validation_cross_entropy": validation,
            "validation_perplexity": perplexity,
            "learning_rate": self._optimiser.param_groups[0]["lr"],
            "tokens": progress.tokens,
            "seconds": round(progress.seconds, 1),
            "sample": sample_poem(
                self._model, self._run.vocabulary, _SAMPLES_BEGIN_WITH, (self._settings.seed, progress.epoch)
            ),
        }
        progress.history.append(row)
        if progress.best is row:
            save_checkpoint(self._run.best, Checkpoint(self._parameters(), row))
        progress.begin_next_epoch()
        self._save()
        self._write_curve()
        self._observer.epoch_ended(row)

    def _write_curve(self) -> None:
        """Write metrics.jsonl and curves.png from the history."""
        history = self._progress.history
        if not history:
            return
        self._run.write_metrics(history)
        sizes = self._run.architecture
        title = (
            f"preset {self._settings.preset}: LSTM {sizes.layers} × {sizes.hidden_size}, embedding "
            f"{sizes.embedding_size}, vocabulary {sizes.vocabulary_size:,}"
        )
        draw_curves(history, title, self._run.folder / "curves.png")

    @torch.no_grad()
    def _cross_entropy(self, sequences: Sequences) -> float:
        """Mean cross-entropy in nats per predicted token."""
        self._model.eval()
        total, tokens = 0.0, 0
        for batch in sequences.batches(self._settings.batch_poems):
            loss_sum, count = self._model.loss(batch.tokens, batch.lengths)
            total, tokens = total + loss_sum.item(), tokens + count
        self._model.train()
        return total / tokens

    def _result(self, stopped: str) -> dict[str, Any]:
        """What the run came to; the test split is looked at here only, with the best weights."""
        progress = self._progress
        result: dict[str, Any] = {
            "stopped": stopped,
            "epochs": len(progress.history),
            "updates": progress.updates,
            "tokens": progress.tokens,
            "seconds": round(progress.seconds, 1),
            "best": progress.best,
            "test_cross_entropy": None,
            "test_perplexity": None,
        }
        test = Sequences(self._corpus, TEST, self._settings)
        if progress.best is not None and len(test):
            present = {name: tensor.clone() for name, tensor in self._parameters().items()}
            set_parameters(self._model, load_checkpoint(self._run.best).tensors)
            result["test_cross_entropy"] = self._cross_entropy(test)
            result["test_perplexity"] = _perplexity(result["test_cross_entropy"])
            set_parameters(self._model, present)
        return result

    def _parameters(self) -> dict[str, Tensor]:
        return {name: parameter.detach() for name, parameter in self._model.named_parameters()}

    def _diverged(self, what: str) -> TrainingError:
        return TrainingError(
            f"{what} is not a number; the last checkpoint in {self._run.checkpoints} is kept: start anew with a lower "
            "learning_rate or with clip_norm=1"
        )

    def _save(self) -> None:
        if not all(bool(tensor.isfinite().all()) for tensor in self._parameters().values()):
            raise self._diverged(f"a weight after update {self._progress.updates}")
        tensors = {f"model.{name}": tensor for name, tensor in self._parameters().items()}
        tensors.update(_optimiser_tensors(self._optimiser))
        tensors["random"] = torch.get_rng_state()
        save_checkpoint(self._run.checkpoints, Checkpoint(tensors, asdict(self._progress)))
        self._saved_at = time.monotonic()

    def _restore(self, checkpoint: Checkpoint) -> None:
        try:
            set_parameters(self._model, _under("model.", checkpoint.tensors))
            _restore_optimiser(self._optimiser, _under("optimiser.", checkpoint.tensors))
            torch.set_rng_state(checkpoint.tensors["random"])
            self._progress = Progress(**checkpoint.state)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise CheckpointError(f"the checkpoint in {self._run.checkpoints} is not of this run: {error}") from error


def _perplexity(cross_entropy: float) -> float:
    """e to the `cross_entropy` (nats per token); infinite where floats end, at e^709."""
    return math.exp(cross_entropy) if cross_entropy < 709 else math.inf


@torch.no_grad()
def set_parameters(model: LanguageModel, tensors: dict[str, Tensor]) -> None:
    """Copy `tensors` (by parameter name) into the model; raises KeyError or RuntimeError if they do not fit."""
    for name, parameter in model.named_parameters():
        parameter.copy_(tensors[name])


def _optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    state = optimiser.state_dict()["state"]
    return {
        f"optimiser.{index}.{name}": torch.as_tensor(value)
        for index, values in state.items()
        for name, value in values.items()
    }


def _restore_optimiser(optimiser: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        index, name = key.split(".", 1)
        state.setdefault(int(index), {})[name] = tensor
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
