"""What a model in training writes by itself."""

import numpy as np
import torch

from poetcore.corpus import TRAIN, PreparedCorpus
from poetcore.nn.context import mark_ids
from poetcore.nn.language_model import Architecture, LanguageModel
from poetcore.training.data import Sequences
from poetcore.training.presets import settings_for
from poetcore.training.sampling import _next_logits, sample_poem


def test_a_sample_is_told_of_its_lines_as_training_is(tiny_corpus: PreparedCorpus) -> None:
    settings = settings_for("seed", ["vocabulary_size=60", "context_size=4"])
    vocabulary = tiny_corpus.vocabulary(60)
    torch.manual_seed(1)
    model = LanguageModel(Architecture(len(vocabulary), 8, 8, 1, tied=False, context_size=4)).eval()
    batch = Sequences(tiny_corpus, TRAIN, settings).batch(np.array([0]))
    tokens = batch.inputs.numpy().astype(np.int32)
    with torch.no_grad():
        expected = model.output(model.hidden(batch)).numpy()
        for step in (0, 1, 8, len(tokens) - 1):
            found = _next_logits(model, tokens[: step + 1], mark_ids(vocabulary))
            np.testing.assert_allclose(found, expected[step], rtol=1e-5, atol=1e-6)


def test_a_sample_begins_as_asked_is_the_seeds_own_and_leaves_the_model_in_training(
    tiny_corpus: PreparedCorpus,
) -> None:
    vocabulary = tiny_corpus.vocabulary(60)
    torch.manual_seed(2)
    model = LanguageModel(Architecture(len(vocabulary), 8, 8, 1, tied=False), dropout=0.5).train()
    first = vocabulary.characters[5]
    before = torch.get_rng_state()
    poem = sample_poem(model, vocabulary, first, (1, 1))
    assert poem.startswith(first)
    assert poem == sample_poem(model, vocabulary, first, (1, 1)) != sample_poem(model, vocabulary, first, (1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    assert model.training
