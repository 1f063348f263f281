"""The training loop. Read top-down: set up, then epochs of updates; once in a while save; after an epoch evaluate."""

import math
import time
from dataclasses import asdict
from typing import Any, Final

import numpy as np
import torch

from poetcore.corpus import TEST, TRAIN, VALIDATION, PreparedCorpus
from poetcore.errors import CheckpointError, TrainingError
from poetcore.package import Tensors
from poetcore.training.checkpoints import Checkpoint, has_checkpoint, load_checkpoint, save_checkpoint
from poetcore.training.curves import draw_curves, perplexity
from poetcore.training.data import Epoch, Sequences
from poetcore.training.hardware import Hardware
from poetcore.training.learner import Learner, set_parameters
from poetcore.training.progress import Losses, Observer, Progress
from poetcore.training.ranks import ALONE, Ranks
from poetcore.training.run import Run
from poetcore.training.sampling import sample_poem

# A killed run loses this much work and, on a GPU, twenty updates more (the promise is a minute).
_SAVE_EVERY_S: Final = 30.0
_SAMPLES_BEGIN_WITH: Final = "月"
_EVALUATION_POEMS: Final = 256


class Trainer:
    """A model in training, and where it stands."""

    def __init__(
        self,
        run: Run,
        corpus: PreparedCorpus,
        observer: Observer,
        ranks: Ranks = ALONE,
        start: Tensors | None = None,
    ) -> None:
        """`corpus` is the one that `run` was begun with; of several `ranks`, each has a trainer.

        `start`: the weights of the package that `run` was begun with, None for random ones.
        """
        self._run, self._settings, self._corpus, self._observer = run, run.settings, corpus, observer
        self._ranks = ranks
        self._hardware = Hardware.chosen(run.settings, ranks.local_rank)
        self._splits: dict[int, Sequences] = {}
        self._training = self._sequences(TRAIN)
        # A batch has `batch_poems` poems for every rank.
        self._batch_poems = self._settings.batch_poems * ranks.count
        self._batches = math.ceil(len(self._training) / self._batch_poems)
        self._updates = self._settings.updates or self._batches * self._settings.epochs
        self._learner = Learner(run, self._hardware, self._updates, ranks, start)
        self.model = self._learner.model
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
            self._require_best_weights()
            # A run killed right after a checkpoint has not written its curve yet.
            self._write_curve()
        elif self._run.has_metrics:
            raise CheckpointError(
                f"{self._run.checkpoints} holds no checkpoint, but epochs were trained: put it back, or start the run "
                f"anew in another folder (poet export {self._run.folder} still takes its best weights)"
            )
        self._observer.began(self._progress, self._batches, self._updates, self._hardware)
        while (why := self._why_stop()) is None and self._ranks.agreed(time.monotonic() < deadline):
            if self._train_epoch(deadline):
                self._end_epoch()
        self._save()
        result = self._result(why or "minutes")
        if self._ranks.leads:
            self._run.write_result(result)
        return result

    def _why_stop(self) -> str | None:
        if self._progress.epochs_since_best >= self._settings.patience:
            return "validation"
        # An epoch whose last update was saved, but which a kill kept from being evaluated, is ended first.
        if self._progress.updates >= self._updates and not self._progress.batch:
            return "updates" if self._settings.updates else "epochs"
        return "epochs" if self._progress.epoch > self._settings.epochs else None

    def _train_epoch(self, deadline: float) -> bool:
        """Go on with the epoch under way; False if the deadline came first."""
        progress = self._progress
        epoch = Epoch.of(len(self._training), self._settings.seed, progress.epoch)
        self.model.train()
        losses = Losses(self._hardware.device, self._ranks)
        while not self._epoch_is_over:
            self._update(epoch, losses)
            late = deadline < math.inf and self._ranks.agreed(time.monotonic() >= deadline)
            # Reading losses brings the ranks together: what decides on it is what all of them see alike, no clock.
            if losses.due or late or self._epoch_is_over:
                self._record(losses)
                # At no other moment: the sums of a checkpoint would lack what is not read yet.
                if time.monotonic() - self._saved_at >= _SAVE_EVERY_S:
                    self._save()
            if late:
                break
        return self._epoch_is_over

    @property
    def _epoch_is_over(self) -> bool:
        return self._progress.batch >= self._batches or self._progress.updates >= self._updates

    def _update(self, epoch: Epoch, losses: "Losses") -> None:
        progress = self._progress
        started = time.monotonic()
        poems = epoch.order[progress.batch * self._batch_poems :][: self._batch_poems]
        ours = poems[self._ranks.rank :: self._ranks.count]
        # An epoch's last batch may have fewer poems than there are ranks: one that is left without takes another's.
        share = ours if len(ours) else poems[:1]
        batch, predictions = self._training.batch(share, epoch.told[share]), self._training.predictions(poems)
        losses.add(self._learner.update(progress.updates, batch, predictions, counts=len(ours) > 0), predictions)
        progress.batch += 1
        progress.updates += 1
        progress.seconds += time.monotonic() - started

    def _record(self, losses: "Losses") -> None:
        """Bring the losses of the last updates home; on a GPU this waits for them."""
        progress = self._progress
        started = time.monotonic()
        total, last = losses.read()
        if not math.isfinite(total):
            raise self._diverged(f"the loss of update {progress.updates}")
        progress.loss_sum += total
        progress.epoch_tokens += losses.tokens
        progress.tokens += losses.tokens
        losses.clear()
        progress.seconds += time.monotonic() - started
        self._observer.updated(progress, last)

    def _end_epoch(self) -> None:
        progress = self._progress
        validation = self.cross_entropy(VALIDATION)
        if not math.isfinite(perplexity(validation)):
            raise self._diverged(f"the validation perplexity of epoch {progress.epoch}")
        row = {
            "epoch": progress.epoch,
            "updates": progress.updates,
            "train_cross_entropy": progress.loss_sum / progress.epoch_tokens,
            "validation_cross_entropy": validation,
            "validation_perplexity": perplexity(validation),
            "learning_rate": self._learner.rate(progress.updates - 1),
            "tokens": progress.tokens,
            "seconds": round(progress.seconds, 1),
            "sample": sample_poem(
                self.model, self._run.vocabulary, _SAMPLES_BEGIN_WITH, (self._settings.seed, progress.epoch)
            ),
        }
        progress.history.append(row)
        if progress.best is row and self._ranks.leads:
            with self._learner.average.in_place():
                save_checkpoint(self._run.best, Checkpoint(self._learner.weights(), row))
        progress.begin_next_epoch()
        self._save()
        self._write_curve()
        self._observer.epoch_ended(row)

    def _write_curve(self) -> None:
        """Write metrics.jsonl and curves.png from the history."""
        history = self._progress.history
        if not history or not self._ranks.leads:
            return
        self._run.write_metrics(history)
        sizes = self._run.architecture
        title = (
            f"preset {self._settings.preset}: LSTM {sizes.layers} × {sizes.hidden_size}, embedding "
            f"{sizes.embedding_size}, vocabulary {sizes.vocabulary_size:,}"
        )
        draw_curves(history, title, self._run.folder / "curves.png")

    @torch.no_grad()
    def cross_entropy(self, split: int) -> float:
        """Mean cross-entropy of a split in nats per predicted token, exact; of the average if one is kept."""
        with self._learner.average.in_place():
            return self._evaluated(self._sequences(split))

    def _evaluated(self, sequences: Sequences) -> float:
        self.model.eval()
        total = torch.zeros((), device=self._hardware.device)
        for number, batch in enumerate(sequences.batches(_EVALUATION_POEMS)):
            if number % self._ranks.count == self._ranks.rank:
                total += self.model(batch)
        self.model.train()
        return self._ranks.total(total).item() / sequences.predictions(np.arange(len(sequences)))

    def _sequences(self, split: int) -> Sequences:
        if split not in self._splits:
            self._splits[split] = Sequences(self._corpus, split, self._settings, self._hardware.device)
        return self._splits[split]

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
        # Rank 0 has just written the best weights that all read here.
        self._ranks.wait()
        if progress.best is not None and len(self._sequences(TEST)):
            present = {name: tensor.clone() for name, tensor in self._learner.weights().items()}
            set_parameters(self.model, load_checkpoint(self._run.best).tensors)
            with torch.no_grad():
                result["test_cross_entropy"] = self._evaluated(self._sequences(TEST))
            result["test_perplexity"] = perplexity(result["test_cross_entropy"])
            set_parameters(self.model, present)
        return result

    def _diverged(self, what: str) -> TrainingError:
        whole = has_checkpoint(self._run.checkpoints)
        kept = f" (the last checkpoint in {self._run.checkpoints} is kept)" if whole else ""
        way_out = "start anew in another folder, with a lower learning_rate or with clip_norm=1"
        return TrainingError(f"{what} is not a number{kept}: {way_out}")

    def _save(self) -> None:
        if not self._ranks.leads:
            return
        if not self._learner.is_finite():
            raise self._diverged(f"a weight after update {self._progress.updates}")
        save_checkpoint(self._run.checkpoints, Checkpoint(self._learner.tensors(), asdict(self._progress)))
        self._saved_at = time.monotonic()

    def _require_best_weights(self) -> None:
        """Raise `CheckpointError` if those of the best epoch are lost: before hours of training, not after them."""
        best = self._progress.best
        if best is None:
            return
        try:
            epoch = load_checkpoint(self._run.best).state["epoch"]
        except CheckpointError:
            epoch = 0
        # A run that was killed before it could save has those of an epoch that is ended once more.
        if epoch != best["epoch"] and epoch <= len(self._progress.history):
            raise CheckpointError(
                f"{self._run.best} does not hold the weights of epoch {best['epoch']}, the best so far: put it back, "
                "or start the run anew in another folder"
            )

    def _restore(self, checkpoint: Checkpoint) -> None:
        try:
            self._progress = Progress(**checkpoint.state)
            self._learner.restore(checkpoint.tensors, self._progress.updates)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise CheckpointError(f"the checkpoint in {self._run.checkpoints} is not of this run: {error}") from error
