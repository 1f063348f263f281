"""Two-sample tests: what is the same is not told apart, what differs is; the reader sees what n-grams do not."""

from pathlib import Path

import numpy as np
import pytest
import torch

from poetcore.corpus import PreparedCorpus
from poetcore.evaluation.scoreboard import discriminator
from poetcore.evaluation.scoreboard.auc import Area
from poetcore.evaluation.scoreboard.discriminator import neural_auc
from poetcore.evaluation.scoreboard.ngrams import ngram_auc
from poetcore.evaluation.scoreboard.reference import Pair, divided, held_out, paired
from poetcore.evaluation.scoreboard.verses import Verse
from poetcore.prosody import FORMS
from poetcore.script import to_traditional

HANZI = [char for char in map(chr, range(0x5000, 0x6000)) if to_traditional(char) == char]


def invented(count: int, seed: int, characters: int = 60) -> list[Verse]:
    codes = np.random.default_rng(seed).integers(characters, size=(count, 4, 5))
    return [
        Verse.of(FORMS["五絕"].punctuate(["".join(HANZI[code] for code in line) for line in poem])) for poem in codes
    ]


def rising(count: int, seed: int, coherent: bool) -> list[Verse]:
    """Every character is one of ten kinds; a coherent poem's lines are of one kind, others' each of its own."""
    random = np.random.default_rng(seed)
    kinds = np.repeat(random.integers(2, size=(count, 1)), 4, axis=1)
    if not coherent:
        kinds = random.integers(2, size=(count, 4))
    codes = 10 * kinds[:, :, None] + random.integers(10, size=(count, 4, 5))
    return [
        Verse.of(FORMS["五絕"].punctuate(["".join(HANZI[code] for code in line) for line in poem])) for poem in codes
    ]


def test_auc_counts_pairs() -> None:
    area = Area.of(np.array([1.0, 2.0]), np.array([0.0, 1.0]))
    # Of the four pairs three are in order and one is a tie.
    assert area.auc == 3.5 / 4
    assert Area.of(np.array([2.0]), np.array([1.0])) == Area(1.0, 0.0)


def test_ngrams_tell_other_characters_apart_and_not_the_same() -> None:
    assert ngram_auc(invented(150, 1), invented(150, 2)).auc == pytest.approx(0.5, abs=0.12)
    assert ngram_auc(invented(150, 1), invented(150, 2, characters=40)).auc > 0.95


def test_ngrams_do_not_see_punctuation() -> None:
    verses = invented(60, 1)
    shouted = [Verse.of(verse.text.replace("。", "！")) for verse in verses]
    assert ngram_auc(verses, shouted).auc == pytest.approx(ngram_auc(verses, verses).auc)


def test_the_reader_sees_incoherence_and_goes_on_where_it_was_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.set_num_threads(1)
    monkeypatch.setattr(discriminator, "_WIDTH", 16)
    monkeypatch.setattr(discriminator, "_EPOCHS", 4)
    monkeypatch.setattr(discriminator, "_BATCH", 32)
    monkeypatch.setattr(discriminator, "_RATE", 5e-3)
    learned = Pair(rising(500, 1, coherent=False), rising(500, 2, coherent=True))
    tested = Pair(rising(150, 3, coherent=False), rising(150, 4, coherent=True))
    whole = neural_auc(learned, tested, None)
    assert whole.auc > 0.8

    def stop(done: int, _: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        neural_auc(learned, tested, tmp_path, stop)
    epochs: list[int] = []
    assert neural_auc(learned, tested, tmp_path, lambda done, _: epochs.append(done)) == whole
    assert epochs == [3, 4]


def test_a_pair_has_the_same_forms_on_both_sides_and_no_poem_twice(corpus: PreparedCorpus) -> None:
    pool = held_out(corpus)
    given = [*invented(30, 1), *pool[:10], Verse.of("月明。")]
    pair = paired(given, pool, 1_000)
    assert len(pair.real) == len(pair) == 40
    assert not {verse.text for verse in pair.real} & {verse.text for verse in given}
    learned, tested = divided(pair, 10)
    assert (len(learned), len(tested), len(learned.real), len(tested.real)) == (30, 10, 30, 10)
    assert [verse.text for verse in tested.real] == [verse.text for verse in pair.real[:10]]
