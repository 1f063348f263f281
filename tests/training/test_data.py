"""Sequences, batches and what is told of poems."""

from dataclasses import replace

import numpy as np
import torch

from poetcore.corpus import END, START, TRAIN, VALIDATION, PreparedCorpus
from poetcore.training.data import Epoch, Sequences
from poetcore.training.presets import TrainingSettings, settings_for


def test_a_poem_that_fits_ends_and_one_that_is_cut_does_not(tiny_corpus: PreparedCorpus) -> None:
    # Every verse has 20 hanzi and 4 marks: 26 tokens with START and END, 25 of them predicted.
    whole = next(Sequences(tiny_corpus, TRAIN, settings_for("seed", ["sequence_length=26"])).batches(4))
    assert whole.steps.sizes == (4,) * 25
    assert (whole.inputs[:4] == START).all()
    assert (whole.targets[-4:] == END).all()
    cut = next(Sequences(tiny_corpus, TRAIN, settings_for("seed", ["sequence_length=25"])).batches(4))
    assert cut.steps.sizes == (4,) * 24
    assert not (cut.targets == END).any()


def test_a_batch_is_packed_step_by_step_longest_first(tiny_corpus: PreparedCorpus) -> None:
    sequences = Sequences(tiny_corpus, TRAIN, settings_for("seed", ["sequence_length=26"]))
    # Poems of lengths 3, 5 and 4.
    sequences._tokens = torch.tensor([0, 3, 1, 0, 4, 5, 6, 1, 0, 7, 8, 1])
    sequences._begins = np.array([0, 3, 8, 12])
    batch = sequences.batch(np.array([0, 1, 2]))
    assert batch.steps.sizes == (3, 3, 2, 1)
    assert batch.steps.sequences.tolist() == [0, 1, 2, 0, 1, 2, 0, 1, 0]
    assert batch.inputs.tolist() == [0, 0, 0, 4, 7, 3, 5, 8, 6]
    assert batch.targets.tolist() == [4, 7, 3, 5, 8, 1, 6, 1, 1]
    assert sequences.predictions(np.array([0, 1, 2])) == 9


def test_an_epoch_is_a_function_of_seed_and_number() -> None:
    assert (Epoch.of(50, 1, 2).order == Epoch.of(50, 1, 2).order).all()
    assert (Epoch.of(50, 1, 2).told == Epoch.of(50, 1, 2).told).all()
    assert (Epoch.of(50, 1, 2).order != Epoch.of(50, 1, 3).order).any()
    assert sorted(Epoch.of(50, 7, 1).order) == list(np.arange(50))


def test_splits_do_not_mix_and_evaluation_may_look_at_fewer(
    tiny_corpus: PreparedCorpus, tiny_settings: TrainingSettings
) -> None:
    sizes = [len(Sequences(tiny_corpus, split, tiny_settings)) for split in (TRAIN, VALIDATION)]
    assert sizes == [tiny_corpus.manifest["splits"]["train"], tiny_corpus.manifest["splits"]["validation"]]
    assert min(sizes) > 3
    fewer = replace(tiny_settings, evaluation_poems=3)
    assert [len(Sequences(tiny_corpus, split, fewer)) for split in (TRAIN, VALIDATION)] == [sizes[0], 3]


def test_conditions_are_told_as_the_numbers_say(tiny_corpus: PreparedCorpus, tiny_settings: TrainingSettings) -> None:
    sequences = Sequences(tiny_corpus, TRAIN, replace(tiny_settings, condition_size=4))
    assert sequences._told is not None
    begins = np.minimum(np.arange(len(sequences) + 1) * 2, 3)
    sequences._told = replace(sequences._told, titles=np.array([5, 6, 7], np.int32), title_begins=begins)
    poems = np.arange(2)
    assert sequences.batch(poems).conditions is None
    everything = sequences.batch(poems, np.full((2, 4), 0.99)).conditions
    assert everything is not None
    # 五絕 of Tang with a title.
    assert everything.forms.tolist() == [1, 1]
    assert everything.eras.tolist() == [1, 1]
    assert (everything.titles.tolist(), everything.title_begins.tolist()) == ([5, 6, 7], [0, 2])
    nothing = sequences.batch(poems, np.array([[0.49, 0.9, 0.9, 0.9]] * 2)).conditions
    assert nothing is not None
    assert (nothing.forms.tolist(), nothing.eras.tolist(), nothing.titles.tolist()) == ([0, 0], [0, 0], [])
    form_only = sequences.batch(poems, np.array([[0.6, 0.2, 0.9, 0.2]] * 2)).conditions
    assert form_only is not None
    assert (form_only.forms.tolist(), form_only.eras.tolist(), form_only.titles.tolist()) == ([1, 1], [0, 0], [])
