"""Presets, `--set`, and what is refused before any work."""

import pytest

from poetcore.errors import SettingsError
from poetcore.training.presets import PRESETS, settings_for


def test_seed_is_the_reports_recipe() -> None:
    seed = PRESETS["seed"]
    assert (seed.collections, seed.vocabulary_size, seed.sequence_length) == (("tang",), 3500, 50)
    assert (seed.batch_poems, seed.embedding_size, seed.hidden_size, seed.layers) == (256, 128, 256, 1)
    assert (seed.optimiser, seed.learning_rate, seed.dropout, seed.tied) == ("adam", 1e-3, 0.0, False)
    assert (seed.warmup_updates, seed.decay, seed.clip_norm, seed.weight_decay) == (0, False, 0.0, 0.0)


def test_assignments_take_the_settings_type() -> None:
    settings = settings_for("seed", ["hidden_size=64", "decay=true", "collections=tang,song", "optimiser=sgd"])
    assert (settings.hidden_size, settings.decay) == (64, True)
    assert (settings.collections, settings.optimiser) == (("tang", "song"), "sgd")


@pytest.mark.parametrize(
    ("preset", "assignment", "message"),
    [
        ("sed", "", "did you mean 'seed'"),
        ("seed", "hiden_size=3", "did you mean 'hidden_size'"),
        ("seed", "hidden_size", "key=value"),
        ("seed", "hidden_size=much", "hidden_size takes a value like 256"),
        ("seed", "decay=perhaps", "decay takes true or false"),
        ("seed", "hidden_size=0", "hidden_size must be at least 1"),
        ("seed", "dropout=1", "dropout must be from 0 to below 1"),
        ("seed", "weight_drop=-0.1", "weight_drop must be from 0 to below 1"),
        ("seed", "learning_rate=nan", "learning_rate must be above 0"),
        ("seed", "weight_decay=inf", "weight_decay must be finite"),
        ("seed", "clip_norm=inf", "clip_norm must be finite"),
        ("seed", "updates=1" + 400 * "0", "updates must be at most 1000000000"),
        ("seed", "warmup_updates=1" + 400 * "0", "warmup_updates must be at most 1000000000"),
        ("base", "vocabulary_size=40000", "context_size needs a vocabulary_size of at most 32,768, found 40000"),
        ("seed", "lstm=keras", "lstm must be one of auto, own, torch"),
        ("seed", "optimiser=adamax", "must be one of"),
        ("seed", "learning_rate=inf", "learning_rate must be above 0 and finite"),
        ("seed", "hidden_size=1000000000", "hidden_size must be at most 16384"),
        ("seed", "layers=65", "layers must be at most 64"),
        ("seed", "seed=99999999999999999999", "seed must be at most"),
        ("seed", "tied=true", "embedding_size = hidden_size"),
        ("seed", "vocabulary_size=3", "vocabulary_size must be at least 8"),
        ("seed", "preset=base", "no setting is called 'preset'"),
    ],
)
def test_wrong_settings_are_named(preset: str, assignment: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        settings_for(preset, [assignment] if assignment else [])
