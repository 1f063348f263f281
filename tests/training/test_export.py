"""From a run to a package that numpy serves."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from poetcore.corpus import END, SPECIALS, START, VALIDATION, PreparedCorpus
from poetcore.errors import CheckpointError, PackageError, StorageError, TrainingError
from poetcore.evaluation.bits import without_space
from poetcore.evaluation.splits import calibration
from poetcore.generation import Poet
from poetcore.generation.engine import Condition
from poetcore.nn.language_model import LanguageModel
from poetcore.package import as_float32, expected_shapes, write_package
from poetcore.training.checkpoints import load_checkpoint
from poetcore.training.export import at_temperature, averaged, packaged, refuse_foreign_place
from poetcore.training.hardware import Hardware
from poetcore.training.learner import set_parameters
from poetcore.training.loop import Trainer
from poetcore.training.presets import settings_for
from poetcore.training.progress import Progress
from poetcore.training.run import Run, begin_run, open_run


class Silent:
    """An observer that looks away."""

    def began(self, progress: Progress, batches: int, updates: int, hardware: Hardware) -> None:
        pass

    def updated(self, progress: Progress, loss: float) -> None:
        pass

    def epoch_ended(self, row: dict[str, Any]) -> None:
        pass


@pytest.fixture(scope="module", params=["tied", "untied", "torch"])
def run(request: pytest.FixtureRequest, tiny_corpus: PreparedCorpus, tmp_path_factory: pytest.TempPathFactory) -> Run:
    sizes = ["vocabulary_size=60", "embedding_size=8", "hidden_size=8", "layers=2", "batch_poems=16", "epochs=1"]
    settings = settings_for("seed", [*sizes, f"tied={request.param == 'tied'}"])
    if request.param == "torch":
        settings = replace(settings, lstm="torch")
    begun = begin_run(tmp_path_factory.mktemp("export") / "run", settings, tiny_corpus)
    Trainer(begun, tiny_corpus, Silent()).train()
    return begun


def test_the_package_computes_what_the_trained_model_computes(run: Run, tmp_path: Path) -> None:
    card, tensors = packaged(run)
    assert all(tensor.dtype == np.float16 for tensor in tensors.values())
    write_package(tmp_path / "poet", card, tensors)
    poet = Poet.load(tmp_path / "poet", exact=True)
    model = LanguageModel(run.architecture)
    set_parameters(model, load_checkpoint(run.best).tensors)
    ids = np.array([START, 5, 9, 30, 7], dtype=np.int32)
    state = poet.engine.start(1)
    for token in ids:
        state = poet.engine.step(np.array([token], dtype=np.int32), state)
    with torch.no_grad():
        expected = model.logits(torch.from_numpy(ids.astype(np.int64))[:, None])[-1]
    # float16 keeps 11 bits of each weight.
    assert np.allclose(poet.engine.logits(state), expected.numpy(), atol=2e-2)


def test_the_card_says_where_the_poet_comes_from(run: Run) -> None:
    card, tensors = packaged(run)
    assert card.training["data_fingerprint"] == run.data_fingerprint
    assert card.training["settings"]["hidden_size"] == 8
    assert card.metrics["validation_perplexity"] > 1
    assert card.metrics["test_perplexity"] > 1
    assert card.forms == ("五絕", "七絕", "五律", "七律")
    assert Poet(card, as_float32(tensors)).version == card.version


def test_a_run_without_an_epoch_and_a_foreign_folder_are_refused(tiny_corpus: PreparedCorpus, tmp_path: Path) -> None:
    begun = begin_run(tmp_path / "run", settings_for("seed"), tiny_corpus)
    with pytest.raises(TrainingError, match="an epoch has to end first"):
        packaged(begun)
    with pytest.raises(StorageError, match="no poet package"):
        refuse_foreign_place(tmp_path / "run")


def test_poets_are_averaged_weight_by_weight(run: Run) -> None:
    card, tensors = packaged(run)
    twice = {name: 3 * tensor.astype(np.float32) for name, tensor in tensors.items()}
    parent = card.model_copy(update={"version": "base-1"})
    of_both, mean = averaged(card, tensors, [(parent, twice)])
    for name, tensor in mean.items():
        assert tensor.dtype == np.float16
        np.testing.assert_allclose(tensor, 2 * tensors[name], rtol=1e-3)
    assert of_both.training["averaged_with"] == ["base-1"]
    assert of_both.version == card.version
    assert of_both.metrics == {}
    smaller = card.architecture.model_copy(update={"hidden_size": 9})
    with pytest.raises(PackageError, match="another vocabulary or other sizes"):
        averaged(card, tensors, [(card.model_copy(update={"architecture": smaller}), tensors)])


@pytest.mark.parametrize("told", [{}, {"context_size": 3, "condition_size": 4}])
def test_a_temperature_in_the_weights_divides_the_logits(run: Run, told: dict[str, int]) -> None:
    card, _ = packaged(run)
    card = card.model_copy(update={"architecture": card.architecture.model_copy(update=told)})
    random = np.random.default_rng(3)
    shapes = expected_shapes(card.architecture, len(card.vocabulary.characters) + SPECIALS)
    tensors = {name: random.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}
    calibrated, cooler = at_temperature(card, tensors, 1.25)
    assert calibrated.training["temperature"] == 1.25
    logits = []
    for weights in (tensors, as_float32(cooler)):
        engine = Poet(card, weights, exact=True).engine
        state = engine.start(1, [Condition(title=(5, 9), form=2)])
        for token in (START, 5, 9, 30, 7):
            state = engine.step(np.array([token], np.int32), state)
        logits.append(engine.logits(state))
    np.testing.assert_allclose(logits[1] * 1.25, logits[0], atol=5e-3)


@pytest.mark.parametrize("sureness", [0.96, 1.0, 1.04])
def test_how_sure_of_itself_a_poet_should_be_is_found(run: Run, tiny_corpus: PreparedCorpus, sureness: float) -> None:
    # Whoever knows but how frequent characters are is right at temperature 1.
    card, tensors = packaged(run)
    texts = [without_space(tiny_corpus.text(int(poem))) for poem in tiny_corpus.select(VALIDATION)]
    tokens = np.concatenate([np.append(run.vocabulary.encode(text), END) for text in texts])
    frequencies = np.bincount(tokens, minlength=len(run.vocabulary)) + 1e-9
    tensors = {name: np.zeros_like(tensor) for name, tensor in as_float32(tensors).items()}
    tensors["output.bias"] = (sureness * np.log(frequencies / len(tokens))).astype(np.float32)
    assert calibration(Poet(card, tensors, exact=True), tiny_corpus) == pytest.approx(sureness, abs=5e-3)


def test_weights_of_other_sizes_and_a_torn_result_are_errors(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = replace(run, settings=replace(run.settings, embedding_size=9, hidden_size=9))
    with pytest.raises(CheckpointError, match="do not fit the settings"):
        packaged(other)
    (tmp_path / "result.json").write_text('{"stopp')
    monkeypatch.setattr(Run, "best", run.best)
    with pytest.raises(TrainingError, match=r"result\.json cannot be read"):
        packaged(replace(run, folder=tmp_path))


def test_training_goes_on_from_a_package(run: Run, tiny_corpus: PreparedCorpus, tmp_path: Path) -> None:
    card, tensors = packaged(run)
    begun = begin_run(tmp_path / "on", replace(run.settings, updates=1), tiny_corpus, card)
    trainer = Trainer(begun, tiny_corpus, Silent(), start=as_float32(tensors))
    for name, tensor in trainer.model.package_tensors().items():
        assert np.array_equal(tensor.numpy(), tensors[name].astype(np.float32))
    trainer.train()
    assert packaged(open_run(tmp_path / "on"))[0].parent == card.version
    with pytest.raises(TrainingError, match="another vocabulary or other sizes"):
        begin_run(tmp_path / "other", replace(run.settings, vocabulary_size=50), tiny_corpus, card)
