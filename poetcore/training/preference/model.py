"""From a poet package back to a model that can be trained, and to the corpus as that model reads it."""

from dataclasses import replace
from typing import Any, Final

import numpy as np

from poetcore.corpus import SPECIALS, TRAIN, VALIDATION, PreparedCorpus, Vocabulary
from poetcore.errors import TrainingError
from poetcore.nn.language_model import Architecture, LanguageModel
from poetcore.package import PoetCard, Tensors
from poetcore.training.hardware import Hardware
from poetcore.training.preference.settings import FinetuneSettings
from poetcore.training.presets import PRESETS, TrainingSettings

# A split of no name: poems in it are in no selection.
_LEFT_OUT: Final = 255
# A smaller vocabulary is not worth drawing from: the whole softmax is as fast.
_LEAST_SAMPLED: Final = 4_096


def architecture_of(card: PoetCard) -> Architecture:
    """The sizes of the card's model."""
    return Architecture(vocabulary_size=SPECIALS + len(card.vocabulary.characters), **card.architecture.model_dump())


def model_of(card: PoetCard, tensors: Tensors, settings: TrainingSettings, hardware: Hardware) -> LanguageModel:
    """The model whose `package_tensors` are `tensors`, on the hardware's device, without dropout."""
    model = LanguageModel(
        architecture_of(card), hardware.lstm, arithmetic=hardware.arithmetic, sampling=hardware.sampling(settings)
    )
    model.take_package_tensors(tensors)
    return model.to(hardware.device)


def training_settings(card: PoetCard, settings: FinetuneSettings) -> TrainingSettings:
    """What the rooms of training want to know: the sizes of the card's model, the fine-tune's optimiser."""
    size = SPECIALS + len(card.vocabulary.characters)
    base = PRESETS["base"] if size >= _LEAST_SAMPLED else replace(PRESETS["base"], frequent_tokens=0, sampled_tokens=0)
    return replace(
        base,
        preset="finetune",
        collections=_collections(card),
        vocabulary_size=size,
        **card.architecture.model_dump(),
        batch_poems=max(1, settings.replayed_poems),
        dropout=0.0,
        optimiser="adamw",
        weight_decay=0.0,
        learning_rate=settings.learning_rate,
        warmup_updates=settings.updates // 10,
        updates=settings.updates,
        clip_norm=settings.clip_norm,
        evaluation_poems=settings.validation_poems,
        lstm=settings.lstm,
        arithmetic=settings.arithmetic,
        seed=settings.seed,
    )


def _collections(card: PoetCard) -> tuple[str, ...]:
    settings: dict[str, Any] = card.training.get("settings", {})
    named = settings.get("collections") or PRESETS["base"].collections
    return tuple(dict.fromkeys(map(str, named)))


def replayed(corpus: PreparedCorpus, vocabulary: Vocabulary, settings: TrainingSettings) -> PreparedCorpus:
    """`corpus` in the vocabulary of a poet, with as many training poems as a fine-tune replays, drawn by its seed.

    Raises `PreparedCorpusError` if it lacks the poet's collections, `TrainingError` if it lacks its characters.
    """
    known = dict.fromkeys(vocabulary.characters)
    there = set(corpus.characters)
    missing = [char for char in known if char not in there]
    if len(missing) > len(vocabulary) // 100:
        raise TrainingError(
            f"{corpus.folder} lacks {len(missing)} of the {len(vocabulary)} characters that the poet knows, "
            f"such as {missing[0]}: give the corpus that it was trained on"
        )
    training = corpus.select(TRAIN, settings.collections)
    validation = corpus.select(VALIDATION, settings.collections)
    wanted = settings.batch_poems * settings.updates
    if not len(training):
        raise TrainingError(f"{corpus.folder} has no training poems to replay; prepare a larger corpus")
    random = np.random.default_rng((settings.seed, 0))
    chosen = random.permutation(training)[:wanted]
    splits = np.full_like(corpus.splits, _LEFT_OUT)
    splits[chosen], splits[validation] = TRAIN, VALIDATION
    # Training takes a character's rank for its token id: in the poet's order, the two are one.
    characters = (*known, *(char for char in corpus.characters if char not in known))
    rank_of = {char: rank for rank, char in enumerate(characters)}
    ranks = np.array([rank_of[char] for char in corpus.characters], np.uint16)[corpus.ranks]
    return replace(corpus, splits=splits, characters=characters, ranks=ranks)
