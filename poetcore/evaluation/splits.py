"""A poet measured on the validation and test poems of a prepared corpus, whole and untruncated."""

from pathlib import Path
from typing import Any, Final

from poetcore.corpus import SPLITS, TEST, VALIDATION, PreparedCorpus, evenly_spread
from poetcore.evaluation.bits import measure
from poetcore.generation import Poet

_MOST_POEMS: Final = 2_500


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
