"""A poet measured on the validation and test poems of a prepared corpus, whole and untruncated."""

from pathlib import Path
from typing import Any

from poetcore.corpus import SPLITS, TEST, VALIDATION, PreparedCorpus
from poetcore.evaluation.bits import measure
from poetcore.generation import Poet


def split_metrics(poet: Poet, data: Path) -> dict[str, Any]:
    """Bits per hanzi by split and collection, like `validation_tang_bits_per_hanzi`; splits without poems are absent.

    Raises `PreparedCorpusError` if `data` is no prepared corpus.
    """
    corpus = PreparedCorpus.load(data)
    metrics = {}
    for split in (VALIDATION, TEST):
        for collection in corpus.manifest["collections"]:
            poems = corpus.select(split, (collection,))
            if len(poems):
                result = measure(poet.engine, poet.vocabulary, [corpus.text(int(poem)) for poem in poems])
                metrics[f"{SPLITS[split]}_{collection}_bits_per_hanzi"] = round(result.bits_per_hanzi, 4)
    return metrics
