"""Sequences and batches."""

import numpy as np

from poetcore.corpus import END, START, TRAIN, VALIDATION, PreparedCorpus
from poetcore.training.data import Sequences, epoch_order
from poetcore.training.presets import TrainingSettings, settings_for


def test_a_poem_that_fits_ends_and_one_that_is_cut_does_not(tiny_corpus: PreparedCorpus) -> None:
    # Every verse has 20 hanzi and 4 marks: 26 tokens with START and END.
    whole = next(Sequences(tiny_corpus, TRAIN, settings_for("seed", ["sequence_length=26"])).batches(4))
    assert whole.tokens.shape == (26, 4)
    assert (whole.tokens[0] == START).all()
    assert (whole.tokens[-1] == END).all()
    cut = next(Sequences(tiny_corpus, TRAIN, settings_for("seed", ["sequence_length=25"])).batches(4))
    assert cut.tokens.shape == (25, 4)
    assert not (cut.tokens == END).any()


def test_batches_cover_an_epoch_once_and_can_skip(tiny_corpus: PreparedCorpus, tiny_settings: TrainingSettings) -> None:
    sequences = Sequences(tiny_corpus, TRAIN, tiny_settings)
    order = epoch_order(len(sequences), 1, 1)
    batches = list(sequences.batches(16, order))
    assert sum(len(batch.lengths) for batch in batches) == len(sequences)
    skipped = list(sequences.batches(16, order, skip=3))
    assert [batch.tokens.tolist() for batch in skipped] == [batch.tokens.tolist() for batch in batches[3:]]
    assert all((batch.lengths.diff() <= 0).all() for batch in batches)


def test_the_order_is_a_function_of_seed_and_epoch() -> None:
    assert (epoch_order(50, 1, 2) == epoch_order(50, 1, 2)).all()
    assert (epoch_order(50, 1, 2) != epoch_order(50, 1, 3)).any()
    assert sorted(epoch_order(50, 7, 1)) == list(np.arange(50))


def test_splits_do_not_mix(tiny_corpus: PreparedCorpus, tiny_settings: TrainingSettings) -> None:
    sizes = [len(Sequences(tiny_corpus, split, tiny_settings)) for split in (TRAIN, VALIDATION)]
    assert sizes == [tiny_corpus.manifest["splits"]["train"], tiny_corpus.manifest["splits"]["validation"]]
    assert min(sizes) > 0
