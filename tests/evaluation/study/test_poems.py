"""Which poems a study learns from, and what is too few."""

from dataclasses import replace

import numpy as np
import pytest

from poetcore.corpus import TEST, TRAIN, VALIDATION, PreparedCorpus
from poetcore.errors import PreparedCorpusError, TrainingError
from poetcore.evaluation.study.plan import plan_of
from poetcore.evaluation.study.poems import (
    facts_of,
    part_of,
    require_enough,
    share_of_known_characters,
    share_of_whole_poems,
    texts_of,
)
from tests.evaluation.study.conftest import TINY

TANG = ("tang",)


def test_a_part_has_as_many_poems_as_asked_and_a_fingerprint_of_its_own(study_corpus: PreparedCorpus) -> None:
    part = part_of(study_corpus, TANG, (40, 3, 10_000))
    tests = len(study_corpus.select(TEST, TANG))
    assert [len(part.select(split, TANG)) for split in (TRAIN, VALIDATION, TEST)] == [40, 3, tests]
    for split in (TRAIN, VALIDATION, TEST):
        assert set(part.select(split, TANG)) <= set(study_corpus.select(split, TANG))
    assert part.fingerprint != study_corpus.fingerprint
    assert part_of(study_corpus, TANG, (40, 3, 10_000)).fingerprint == part.fingerprint
    assert part_of(study_corpus, TANG, None) is study_corpus
    facts = facts_of(study_corpus, part, TANG)
    assert (facts.train, facts.of[0]) == (40, len(study_corpus.select(TRAIN, TANG)))
    assert facts.fingerprint == study_corpus.fingerprint


def test_a_corpus_without_the_collection_is_refused(study_corpus: PreparedCorpus) -> None:
    song = replace(study_corpus, manifest=study_corpus.manifest | {"collections": ["song"]})
    with pytest.raises(PreparedCorpusError, match="holds song but not tang"):
        part_of(song, TANG, (1, 1, 1))
    with pytest.raises(PreparedCorpusError, match="holds song but not tang"):
        require_enough(song, plan_of(TINY))


def test_too_few_poems_or_characters_are_refused(study_corpus: PreparedCorpus) -> None:
    require_enough(study_corpus, plan_of(TINY))
    with pytest.raises(TrainingError, match="has 20 training poems: too few for batches of 32"):
        require_enough(part_of(study_corpus, TANG, (20, 10, 10)), plan_of(TINY))
    with pytest.raises(TrainingError, match="no test poems"):
        require_enough(part_of(study_corpus, TANG, (100, 10, 0)), plan_of(TINY))
    with pytest.raises(TrainingError, match=r"62 different characters: too few .* up to 5,000"):
        require_enough(study_corpus, plan_of(replace(TINY, vocabularies=(20, 5_000))))


def test_shares_of_the_tables(study_corpus: PreparedCorpus) -> None:
    # Every verse has 24 characters: 26 tokens with start and end.
    assert share_of_whole_poems(study_corpus, TANG, 26) == 1
    assert share_of_whole_poems(study_corpus, TANG, 25) == 0
    texts = "".join(texts_of(study_corpus, TEST, TANG))
    known = set(study_corpus.characters[: 20 - 3])
    expected = np.mean([char in known for char in texts])
    assert share_of_known_characters(study_corpus, TANG, 20) == pytest.approx(expected)
    assert len(texts_of(study_corpus, TEST, TANG, 2)) == 2
