"""Poems as training sequences, and the batches of an epoch."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from poetcore.corpus import (
    COLLECTIONS,
    END,
    START,
    TRAIN,
    UNKNOWN,
    VALIDATION,
    PreparedCorpus,
    Vocabulary,
    evenly_spread,
)
from poetcore.errors import TrainingError
from poetcore.nn.context import contexts, form_id, mark_ids
from poetcore.nn.language_model import Batch, Conditions
from poetcore.nn.lookup import Steps, moved
from poetcore.prosody import form_of
from poetcore.training.presets import TrainingSettings

Integers = npt.NDArray[np.int64]

_CPU: Final = torch.device("cpu")

_UNTOLD_POEMS: Final = 0.5
"""Share of training poems of which nothing is told: the model has to do well without."""
_UNTOLD_CONDITIONS: Final = 0.3
"""Share of each condition that is left out of the other poems."""


@dataclass(frozen=True)
class _Told:
    """What can be told of each poem."""

    titles: npt.NDArray[np.int32]
    """Title tokens of all poems, end to end."""
    title_begins: Integers
    """[poems + 1]."""
    forms: Integers
    eras: Integers


class Sequences:
    """The poems of one split as sequences START … END, cut at the settings' sequence length."""

    def __init__(
        self, corpus: PreparedCorpus, split: int, settings: TrainingSettings, device: torch.device = _CPU
    ) -> None:
        """`device` is where the tokens stay and the batches are made.

        Raises `PreparedCorpusError` if the corpus lacks a collection of the settings.
        """
        vocabulary = corpus.vocabulary(settings.vocabulary_size)
        if split == TRAIN:
            poems = training_poems(corpus, settings)
        else:
            poems = corpus.select(split, settings.collections)
            if settings.evaluation_poems:
                poems = poems[evenly_spread(len(poems), settings.evaluation_poems)]
        tokens, self._begins = _flat(corpus, poems, len(vocabulary), settings.sequence_length)
        self._tokens = torch.from_numpy(tokens).to(device)
        self._contexts = self._told = None
        if settings.context_size:
            self._contexts = torch.from_numpy(_contexts(tokens, self._begins, mark_ids(vocabulary))).to(device)
        if settings.condition_size:
            self._told = _told(corpus, poems, vocabulary)

    def __len__(self) -> int:
        """Number of poems."""
        return len(self._begins) - 1

    def predictions(self, poems: Integers) -> int:
        """How many tokens are predicted in `poems` (indices) together."""
        return int((self._begins[poems + 1] - self._begins[poems] - 1).sum())

    def batch(self, poems: Integers, told: npt.NDArray[np.float64] | None = None) -> Batch:
        """The poems with these indices, longest first.

        `told`: a uniform random number in [0, 1) for each poem and each of four choices, [poems, 4]: which of its
        conditions are told. None tells nothing.
        """
        lengths = self._begins[poems + 1] - self._begins[poems] - 1
        by_length = np.argsort(-lengths, kind="stable")
        poems, lengths = poems[by_length], lengths[by_length]
        steps = np.arange(lengths[0])[:, None]
        # Row-major: all rows of step 0, then all of step 1.
        device = self._tokens.device
        inputs = moved(torch.from_numpy((self._begins[poems] + steps)[steps < lengths]), device)
        chosen = None if told is None or self._told is None else _chosen(self._told, poems, told[by_length])
        return Batch(
            steps=Steps.of((steps < lengths).sum(axis=1).tolist(), device),
            inputs=self._tokens[inputs].long(),
            targets=self._tokens[inputs + 1].long(),
            contexts=None if self._contexts is None else self._contexts[inputs].long(),
            conditions=None if chosen is None else Conditions(*(moved(torch.from_numpy(x), device) for x in chosen)),
        )

    def batches(self, batch_poems: int) -> Iterator[Batch]:
        """All poems in their own order, nothing told: for evaluation."""
        for start in range(0, len(self), batch_poems):
            yield self.batch(np.arange(start, min(start + batch_poems, len(self))))


def training_poems(corpus: PreparedCorpus, settings: TrainingSettings) -> Integers:
    """The poems of an epoch in the corpus's order, those of a collection that is named twice twice."""
    poems = corpus.select(TRAIN, settings.collections)
    times = [settings.collections.count(name) for name in corpus.manifest["collections"]]
    repeated: Integers = np.repeat(poems, np.array(times, np.int64)[corpus.collections[poems]])
    return repeated


def require_enough_poems(corpus: PreparedCorpus, settings: TrainingSettings, processes: int = 1) -> None:
    """Raise `TrainingError` if there is not one full batch for all `processes`, or nothing to validate on."""
    training, batch = len(training_poems(corpus, settings)), settings.batch_poems * processes
    if len(corpus.select(VALIDATION, settings.collections)) == 0:
        raise TrainingError(f"{corpus.folder} has no poem to validate on: prepare a larger corpus")
    if training < batch:
        times = f" times {processes} processes" if processes > 1 else ""
        raise TrainingError(
            f"{corpus.folder} has {training} training poems: too few for batches of {settings.batch_poems} "
            f"(batch_poems){times}; prepare a larger corpus or set smaller batches"
        )


@dataclass(frozen=True)
class Epoch:
    """The order of an epoch and what it tells: functions of seed and epoch alone, so that a resumed run repeats it."""

    order: Integers
    """A permutation of the poems."""
    told: npt.NDArray[np.float64]
    """[poems, 4], see `Sequences.batch`."""

    @classmethod
    def of(cls, poems: int, seed: int, number: int) -> "Epoch":
        """Epoch `number`, from 1."""
        random = np.random.default_rng((seed, number))
        return cls(random.permutation(poems), random.random((poems, 4)))


def _flat(
    corpus: PreparedCorpus, poems: Integers, vocabulary_size: int, limit: int
) -> tuple[npt.NDArray[np.int32], Integers]:
    """The sequences of `poems` end to end, and where each begins; the last entry is the end."""
    sequences = [
        np.concatenate(([START], corpus.tokens(int(poem), vocabulary_size), [END]))[:limit].astype(np.int32)
        for poem in poems
    ]
    begins = np.zeros(len(sequences) + 1, np.int64)
    np.cumsum([len(sequence) for sequence in sequences], out=begins[1:])
    return np.concatenate([*sequences, np.zeros(0, np.int32)]), begins


def _contexts(tokens: npt.NDArray[np.int32], begins: Integers, marks: npt.NDArray[np.int32]) -> npt.NDArray[np.int16]:
    first = np.zeros(len(tokens), np.bool_)
    first[begins[:-1]] = True
    # Kept for every token of the corpus: two bytes each are enough for 32,768 token ids.
    return contexts(tokens, first, marks).stacked().astype(np.int16)


def _told(corpus: PreparedCorpus, poems: Integers, vocabulary: Vocabulary) -> _Told:
    titles = [vocabulary.encode(corpus.titles[poem]) for poem in poems]
    known = [title[title != UNKNOWN] for title in titles]
    begins = np.zeros(len(known) + 1, np.int64)
    np.cumsum([len(title) for title in known], out=begins[1:])
    names = corpus.manifest["collections"]
    era_of = np.array([1 + COLLECTIONS.index(name) for name in names])
    forms = np.array([form_id(form_of(corpus.text(int(poem)))) for poem in poems], np.int64)
    return _Told(np.concatenate([*known, np.zeros(0, np.int32)]), begins, forms, era_of[corpus.collections[poems]])


def _chosen(all_told: _Told, poems: Integers, chance: npt.NDArray[np.float64]) -> tuple[Integers, ...]:
    """The conditions of `poems` that the numbers in `chance` [poems, 4] let through, as `Conditions` has them."""
    something = chance[:, 0] >= _UNTOLD_POEMS
    title, form, era = (something & (chance[:, choice] >= _UNTOLD_CONDITIONS) for choice in (1, 2, 3))
    begins, ends = all_told.title_begins[poems], all_told.title_begins[poems + 1]
    lengths = np.where(title, ends - begins, 0)
    title_begins = np.concatenate(([0], np.cumsum(lengths)))
    tokens = np.concatenate(
        [all_told.titles[begin : begin + length] for begin, length in zip(begins, lengths, strict=True)]
    )
    forms, eras = np.where(form, all_told.forms[poems], 0), np.where(era, all_told.eras[poems], 0)
    return tokens.astype(np.int64), title_begins[:-1], forms, eras
