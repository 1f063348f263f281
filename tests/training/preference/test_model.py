"""From a package back to a model, and rated poems through it."""

from pathlib import Path

import numpy as np
import pytest
import torch

from poetcore.corpus import END, START, PreparedCorpus, Vocabulary
from poetcore.errors import TrainingError
from poetcore.evaluation.bits import token_bits
from poetcore.generation import Poet
from poetcore.generation.engine import Condition
from poetcore.nn.language_model import LanguageModel
from poetcore.package import read_package
from poetcore.prosody.text import is_hanzi
from poetcore.training.hardware import Hardware
from poetcore.training.preference.model import model_of, replayed, training_settings
from poetcore.training.preference.poems import EncodedPoem, RatedPoems
from poetcore.training.preference.selection import Judged
from poetcore.training.preference.settings import finetune_settings
from tests.training.preference.conftest import verse

EXACT = finetune_settings(["arithmetic=float32"])


def loaded(poet: Path, lstm: str = "auto") -> LanguageModel:
    card, tensors = read_package(poet)
    settings = training_settings(card, finetune_settings(["arithmetic=float32", f"lstm={lstm}"]))
    return model_of(card, tensors, settings, Hardware.chosen(settings))


@pytest.mark.parametrize("lstm", ["own", "torch"])
def test_a_package_comes_back_as_it_went(tiny_poet: Path, lstm: str) -> None:
    _, tensors = read_package(tiny_poet)
    again = loaded(tiny_poet, lstm).package_tensors()
    assert again.keys() == tensors.keys()
    assert all(np.array_equal(again[name].numpy(), tensors[name]) for name in tensors)


def test_log_likelihoods_are_those_of_the_engine(tiny_poet: Path) -> None:
    """Poems of several lengths, told title and form, in any order: as the serving engine reads them one by one."""
    poet = Poet.load(tiny_poet, exact=True)
    random = np.random.default_rng(3)
    title = poet.vocabulary.characters[5] + poet.vocabulary.characters[9]
    texts = [verse(random), "一丁七，丂七丄。", verse(random)]
    judged = [Judged(text, title if number == 2 else "", "", True, 1.0) for number, text in enumerate(texts)]
    rated = RatedPoems(judged, poet.vocabulary, torch.device("cpu"))
    with torch.no_grad():
        found = rated.log_likelihoods(loaded(tiny_poet).train(), [2, 0, 1]).tolist()
    told = [Condition(form=1), Condition(), Condition(title=tuple(poet.vocabulary.encode(title).tolist()), form=1)]
    bits = token_bits(poet.engine, [poet.vocabulary.encode(text) for text in texts], told)
    expected = [-bits[number] * np.log(2) / (len(texts[number]) + 1) for number in (2, 0, 1)]
    assert found == pytest.approx(expected, rel=1e-4)


def test_a_title_is_told_as_it_was_when_the_poem_was_written(tiny_poet: Path) -> None:
    vocabulary = Poet.load(tiny_poet).vocabulary
    text = verse(np.random.default_rng(4))
    known = next(filter(is_hanzi, vocabulary.characters))
    for title in (known, f"《{known}》 a\u200b", known + "\ud800"):
        encoded = EncodedPoem.of(Judged(text, title, "", True, 1.0), vocabulary)
        assert encoded.title.tolist() == [vocabulary.id_of(known)]
    simplified = Vocabulary([*vocabulary.characters, *({"紅", "雲"} - set(vocabulary.characters))])
    told = EncodedPoem.of(Judged(text, "红云", "", True, 1.0), simplified).title.tolist()
    assert told == simplified.encode("紅雲").tolist()


def test_what_the_reader_gave_is_no_merit_of_the_poet(tiny_poet: Path) -> None:
    """The gradient by the reader's own characters is none: a beginning is a condition."""
    poet = Poet.load(tiny_poet, exact=True)
    text = verse(np.random.default_rng(4))
    whole, given = (EncodedPoem.of(Judged(text, "", prefix, True, 1.0), poet.vocabulary) for prefix in ("", text[:5]))
    assert (whole.given, given.given) == (0, 5)
    over_a_mark = EncodedPoem.of(Judged(text, "", text[:5] + text[6], True, 1.0), poet.vocabulary)
    assert over_a_mark.given == 7
    assert whole.tokens[0] == START
    assert whole.tokens[-1] == END
    model = loaded(tiny_poet)
    judged = [Judged(text, "", prefix, True, 1.0) for prefix in ("", text[:5], text)]
    rated = RatedPoems(judged, poet.vocabulary, torch.device("cpu"))
    with torch.no_grad():
        sums = rated.log_likelihoods(model, [0, 1, 2]) * torch.tensor([25.0, 20.0, 2.0])
        alone = rated.log_likelihoods(model, [1])[0] * 20
    assert sums[1].item() == pytest.approx(alone.item(), rel=1e-5)
    assert sums[0] < sums[1] < sums[2] < 0


def test_replay_reads_the_corpus_with_the_poet_s_vocabulary(tiny_corpus: PreparedCorpus, tiny_poet: Path) -> None:
    card, _ = read_package(tiny_poet)
    # Another order of the same characters, as another collection would have it.
    vocabulary = Vocabulary(card.vocabulary.characters[::-1])
    settings = training_settings(card, finetune_settings(["updates=2", "batch_poems=10", "replay_share=0.5"]))
    part = replayed(tiny_corpus, vocabulary, settings)
    assert part.vocabulary(len(vocabulary)) == vocabulary
    chosen = part.select(0)
    assert len(chosen) == 10
    assert all(part.text(int(poem)) == tiny_corpus.text(int(poem)) for poem in chosen)
    assert np.array_equal(part.select(1), tiny_corpus.select(1))


def test_a_corpus_of_other_characters_is_refused(tiny_corpus: PreparedCorpus, tiny_poet: Path) -> None:
    card, _ = read_package(tiny_poet)
    settings = training_settings(card, EXACT)
    with pytest.raises(TrainingError, match="lacks 2 of the 65 characters that the poet knows, such as 龍"):
        replayed(tiny_corpus, Vocabulary(card.vocabulary.characters[:-2] + "龍虎"), settings)
