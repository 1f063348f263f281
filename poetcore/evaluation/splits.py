"""A poet measured on the validation and test poems of a prepared corpus, whole and untruncated, and calibrated."""

from pathlib import Path
from typing import Any, Final

import numpy as np

from poetcore.corpus import SPLITS, TEST, VALIDATION, PreparedCorpus, evenly_spread
from poetcore.evaluation.bits import measure, token_bits, without_space
from poetcore.generation import Poet

_MOST_POEMS: Final = 2_500
_CALIBRATING_POEMS: Final = 500
_TEMPERATURES: Final = (0.95, 1.0, 1.05)


def split_metrics(poet: Poet, data: Path) -> dict[str, Any]:
    """Bits per hanzi by split and collection, like `validation_tang_bits_per_hanzi`; splits without poems are absent.

    Of a split with more poems, 2,500 are looked at, evenly spread.

    Raises `PreparedCorpusError` if `data` is no prepared corpus.
    """
    corpus = PreparedCorpus.load(data)
    metrics = {}
    for split in (VALIDATION, TEST):
        for collection in corpus.manifest["collections"]:
            poems = corpus.select(split, (collection,))
            poems = poems[evenly_spread(len(poems), _MOST_POEMS)]
            if len(poems):
                result = measure(poet.engine, poet.vocabulary, [corpus.text(int(poem)) for poem in poems])
                metrics[f"{SPLITS[split]}_{collection}_bits_per_hanzi"] = round(result.bits_per_hanzi, 4)
    return metrics


def calibration(poet: Poet, corpus: PreparedCorpus) -> float:
    """The temperature at which the poet foretells validation poems best (Guo et al. 2017), 0.9 to 1.1.

    Who has seen each poem several times is surer of himself than he should be. Close to 1 the loss is a parabola: three
    temperatures tell where it is least. 500 poems of each collection are looked at; without any it is 1.
    """
    poems = []
    for collection in corpus.manifest["collections"]:
        there = corpus.select(VALIDATION, (collection,))
        chosen = there[evenly_spread(len(there), _CALIBRATING_POEMS)]
        poems += [poet.vocabulary.encode(without_space(corpus.text(int(poem)))) for poem in chosen]
    if not poems:
        return 1.0
    losses = [token_bits(poet.engine, poems, temperature=temperature).sum() for temperature in _TEMPERATURES]
    curvature, slope, _ = np.polyfit(_TEMPERATURES, losses, 2)
    return float(np.clip(-slope / (2 * curvature), 0.9, 1.1)) if curvature > 0 else 1.0
