"""What the benchmarks train on: a prepared corpus, or an invented one of the same measures."""

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from poetcore.corpus import END, START, VALIDATION, PreparedCorpus
from poetcore.errors import PreparedCorpusError
from poetcore.training.data import training_poems
from poetcore.training.presets import TrainingSettings

# Characters a poem, punctuation counted, and how many in 10,000 poems of Tang + Song have them; the logarithms of the
# others are spread evenly over RARE. Of the collection as `poet prepare` cleans it: mean 61, median 48, one in a
# hundred above 288.
LENGTHS: Final = {32: 2858, 64: 2328, 48: 2052, 24: 580, 72: 236, 96: 232, 120: 137, 40: 100, 28: 96, 144: 94, 60: 87}
RARE: Final = (32, 400)
_CHARACTERS: Final = 9_000
# p(rank) ~ 1 / (rank + 10) for hanzi; one character in eight is a comma or a full stop.
_ZIPF_OFFSET: Final = 10
_MARKS: Final = 1 / 8
_SPLITS: Final = (0.9, 0.05, 0.05)


class _Invented(PreparedCorpus):
    """A corpus that no folder holds."""

    @cached_property
    def titles(self) -> list[str]:
        """Each poem's first four characters."""
        return [self.text(poem)[:4] for poem in range(len(self.splits))]


def load_corpus(data: Path | None, poems: int = 24_000) -> PreparedCorpus:
    """The prepared corpus in `data`, or an invented one of `poems` poems; raises `PreparedCorpusError`."""
    return synthetic_corpus(poems) if data is None else PreparedCorpus.load(data)


def synthetic_corpus(poems: int, characters: int = _CHARACTERS, seed: int = 1) -> PreparedCorpus:
    """Poems of independent characters with Tang + Song's lengths and Zipf's frequencies: the same costs, no sense."""
    random = np.random.default_rng(seed)
    lengths = _lengths(poems, random)
    weights = 1 / (np.arange(characters - 2) + _ZIPF_OFFSET)
    shares = np.concatenate(([_MARKS / 2, _MARKS / 2], (1 - _MARKS) * weights / weights.sum()))
    return _Invented(
        folder=Path("synthetic"),
        manifest={"collections": ["tang", "song"]},
        fingerprint=f"synthetic-{poems}-{characters}-{seed}",
        characters=("，", "。", *(chr(0x4E00 + rank) for rank in range(characters - 2))),
        ranks=random.choice(characters, size=int(lengths.sum()), p=shares).astype(np.uint16),
        offsets=np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
        splits=random.choice(len(_SPLITS), size=poems, p=_SPLITS).astype(np.uint8),
        collections=random.integers(2, size=poems).astype(np.uint8),
    )


def is_synthetic(corpus: PreparedCorpus) -> bool:
    """Whether the corpus was invented."""
    return isinstance(corpus, _Invented)


@dataclass(frozen=True)
class Course:
    """Which poems make which update: the same for everything that is compared."""

    corpus: PreparedCorpus
    settings: TrainingSettings
    order: npt.NDArray[np.int64]
    """Places of poems within `training_poems`, a whole number of batches."""

    @property
    def vocabulary_size(self) -> int:
        """Token ids, specials included."""
        return len(self.corpus.vocabulary(self.settings.vocabulary_size))

    @property
    def training_poems(self) -> npt.NDArray[np.int64]:
        """The poems of an epoch, as the corpus numbers them."""
        return training_poems(self.corpus, self.settings)

    def batches(self) -> list[list[Tensor]]:
        """The poems of each update, as `encoded` has them."""
        poems, size = self.training_poems[self.order], self.settings.batch_poems
        return [self.encoded(poems[start : start + size]) for start in range(0, len(poems), size)]

    def validation(self, limit: int) -> list[Tensor]:
        """The first `limit` validation poems."""
        return self.encoded(self.corpus.select(VALIDATION, self.settings.collections)[:limit])

    def encoded(self, poems: npt.NDArray[np.int64]) -> list[Tensor]:
        """Poems as token ids int64 from START to END, cut at the settings' sequence length."""
        size, limit = self.vocabulary_size, self.settings.sequence_length
        return [
            torch.from_numpy(np.concatenate(([START], self.corpus.tokens(int(poem), size), [END]))[:limit])
            for poem in poems
        ]


def plan_course(corpus: PreparedCorpus, settings: TrainingSettings, updates: int) -> Course:
    """A random course of at most `updates` updates, fewer where the corpus ends; raises `PreparedCorpusError`."""
    poems = len(training_poems(corpus, settings))
    batches = min(updates, poems // settings.batch_poems)
    if batches == 0 or len(corpus.select(VALIDATION, settings.collections)) == 0:
        raise PreparedCorpusError(
            f"{corpus.folder} has {poems} training poems: too few for batches of {settings.batch_poems}, or none to "
            "validate on; prepare a larger corpus"
        )
    order = np.random.default_rng(settings.seed).permutation(poems)
    return Course(corpus, settings, order[: batches * settings.batch_poems])


def _lengths(poems: int, random: np.random.Generator) -> npt.NDArray[np.int64]:
    common = np.array(list(LENGTHS))
    shares = np.array(list(LENGTHS.values())) / 10_000
    drawn = random.choice(common, size=poems, p=shares / shares.sum())
    rare = random.random(poems) >= shares.sum()
    shortest, longest = map(math.log, RARE)
    drawn[rare] = np.exp(random.uniform(shortest, longest, size=int(rare.sum())))
    return drawn.astype(np.int64)
