"""Poems as training sequences, and the batches of an epoch."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from poetcore.corpus import END, START, TRAIN, VALIDATION, PreparedCorpus
from poetcore.errors import TrainingError
from poetcore.training.presets import TrainingSettings


@dataclass(frozen=True)
class Batch:
    """Sequences side by side, longest first."""

    tokens: Tensor
    """int64 [T, B], padded at the end (with START, which no target ever is)."""
    lengths: Tensor
    """int64 [B]."""


class Sequences:
    """The poems of one split as sequences START … END, cut at the settings' sequence length."""

    def __init__(self, corpus: PreparedCorpus, split: int, settings: TrainingSettings) -> None:
        """Raises `PreparedCorpusError` if the corpus lacks a collection of the settings."""
        vocabulary_size = len(corpus.vocabulary(settings.vocabulary_size))
        self._sequences = [
            _sequence(corpus.tokens(int(poem), vocabulary_size), settings.sequence_length)
            for poem in corpus.select(split, settings.collections)
        ]

    def __len__(self) -> int:
        """Number of poems."""
        return len(self._sequences)

    def batches(self, batch_poems: int, order: npt.NDArray[np.int64] | None = None, skip: int = 0) -> Iterator[Batch]:
        """Batches in `order` (the poems' own order if None), leaving out the first `skip` batches.

        Lengths are mixed within a batch: batches of one exact length train visibly worse. Batches of fewer than
        `batch_poems` come only at the end.
        """
        indices = np.arange(len(self)) if order is None else order
        for start in range(skip * batch_poems, len(indices), batch_poems):
            yield _batch([self._sequences[i] for i in indices[start : start + batch_poems]])


def require_enough_poems(corpus: PreparedCorpus, settings: TrainingSettings) -> None:
    """Raise `TrainingError` if there is not one full batch, or nothing to validate on."""
    training, validation = (len(corpus.select(split, settings.collections)) for split in (TRAIN, VALIDATION))
    if validation == 0 or training < settings.batch_poems:
        raise TrainingError(
            f"{corpus.folder} has {training} training and {validation} validation poems: too few for "
            f"batches of {settings.batch_poems} (batch_poems); prepare a larger corpus or set smaller batches"
        )


def epoch_order(poems: int, seed: int, epoch: int) -> npt.NDArray[np.int64]:
    """The order of poems in an epoch: a function of seed and epoch alone, so that a resumed run repeats it."""
    return np.random.default_rng((seed, epoch)).permutation(poems)


def _sequence(tokens: npt.NDArray[np.int32], limit: int) -> npt.NDArray[np.int32]:
    whole = np.concatenate(([START], tokens, [END])).astype(np.int32)
    return whole[:limit]


def _batch(sequences: list[npt.NDArray[np.int32]]) -> Batch:
    sequences = sorted(sequences, key=len, reverse=True)
    tokens = np.full((len(sequences[0]), len(sequences)), START, dtype=np.int64)
    for row, sequence in enumerate(sequences):
        tokens[: len(sequence), row] = sequence
    return Batch(torch.from_numpy(tokens), torch.tensor([len(sequence) for sequence in sequences]))
