"""The poems of a study: the prepared corpus, whole or a fixed part of it, and what the tables say of it."""

import hashlib
from dataclasses import replace
from typing import Final

import numpy as np

from poetcore.corpus import SPECIALS, TEST, TRAIN, VALIDATION, PreparedCorpus, evenly_spread
from poetcore.errors import TrainingError
from poetcore.evaluation.study.plan import Plan
from poetcore.evaluation.study.record import CorpusFacts
from poetcore.training.data import require_enough_poems

_SPLITS: Final = (TRAIN, VALIDATION, TEST)
# A split of no name: poems in it are in no selection.
_LEFT_OUT: Final = 255


def part_of(corpus: PreparedCorpus, collections: tuple[str, ...], poems: tuple[int, int, int] | None) -> PreparedCorpus:
    """`corpus` with at most `poems` poems of training, validation and test, taken evenly over each; None takes all.

    It has a fingerprint of its own, so that a run on a part is never taken for one on the whole.
    Raises `PreparedCorpusError` if the corpus lacks a collection.
    """
    if poems is None:
        return corpus
    splits = np.full_like(corpus.splits, _LEFT_OUT)
    for split, most in zip(_SPLITS, poems, strict=True):
        there = corpus.select(split, collections)
        chosen = there[evenly_spread(len(there), most)]
        splits[chosen] = split
    name = f"{corpus.fingerprint} {','.join(collections)} {poems}"
    return replace(corpus, splits=splits, fingerprint=hashlib.sha256(name.encode()).hexdigest())


def require_enough(corpus: PreparedCorpus, plan: Plan) -> None:
    """Raise `TrainingError` if there are too few poems or characters for an arm of `plan`."""
    for arm in plan.arms:
        require_enough_poems(corpus, arm.settings)
    collections = plan.scale.base.collections
    if not len(corpus.select(TEST, collections)):
        raise TrainingError(f"{corpus.folder} has no test poems: too small for a study, prepare a larger corpus")
    largest, characters = max(plan.scale.vocabularies), len(corpus.characters)
    if characters + SPECIALS < largest:
        raise TrainingError(
            f"{corpus.folder} has {characters:,} different characters: too few for a study that compares vocabularies "
            f"up to {largest:,}; prepare a larger corpus"
        )


def facts_of(whole: PreparedCorpus, part: PreparedCorpus, collections: tuple[str, ...]) -> CorpusFacts:
    """What the page says of the poems."""
    train, validation, test = (len(part.select(split, collections)) for split in _SPLITS)
    of_train, of_validation, of_test = (len(whole.select(split, collections)) for split in _SPLITS)
    return CorpusFacts(
        fingerprint=whole.fingerprint,
        collections=collections,
        prepared_from=tuple(whole.manifest["collections"]),
        train=train,
        validation=validation,
        test=test,
        of=(of_train, of_validation, of_test),
    )


def texts_of(corpus: PreparedCorpus, split: int, collections: tuple[str, ...], most: int | None = None) -> list[str]:
    """The first `most` poems of a split, or all."""
    return [corpus.text(int(poem)) for poem in corpus.select(split, collections)[:most]]


def share_of_whole_poems(corpus: PreparedCorpus, collections: tuple[str, ...], length: int) -> float:
    """Share of the training poems that fit whole into `length` tokens, start and end counted."""
    lengths = np.diff(corpus.offsets)[corpus.select(TRAIN, collections)] + 2
    return float((lengths <= length).mean())


def share_of_known_characters(corpus: PreparedCorpus, collections: tuple[str, ...], vocabulary_size: int) -> float:
    """Share of the running characters of the test poems that a vocabulary of this size has."""
    poems = corpus.select(TEST, collections)
    ranks = np.concatenate([corpus.ranks[corpus.offsets[poem] : corpus.offsets[poem + 1]] for poem in poems])
    return float((ranks < vocabulary_size - SPECIALS).mean())
