"""Settings of a fine-tune."""

import pytest

from poetcore.errors import SettingsError
from poetcore.training.preference.settings import FinetuneSettings, finetune_settings


def test_assignments_change_settings_in_their_types() -> None:
    settings = finetune_settings(["method=weighted", "updates=7", "beta=2.5"])
    assert (settings.method, settings.updates, settings.beta) == ("weighted", 7, 2.5)


def test_a_batch_is_shared_between_ratings_and_corpus() -> None:
    settings = FinetuneSettings(batch_poems=100, replay_share=0.75)
    assert (settings.rated_poems, settings.replayed_poems) == (25, 75)


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("update=3", "no setting is called 'update'; did you mean 'updates'?"),
        ("updates=many", "updates takes a value like"),
        ("method=dpo", "method must be one of kto, weighted, found 'dpo'"),
        ("beta=0", "beta must be above 0 and finite"),
        ("replay_share=1", "batch_poems=96 with replay_share=1.0 leaves 0 rated poems"),
        ("replay_share=nan", "replay_share must lie between 0 and 1"),
        ("learning_rate=inf", "learning_rate must be above 0 and finite"),
        ("rater_share=0", "rater_share must be above 0"),
        ("minutes=-1", "minutes must be 0 or more"),
        ("minutes=nan", "minutes must be 0 or more and finite"),
        ("minutes=inf", "minutes must be 0 or more and finite"),
        ("lstm=ours", "lstm must be one of auto, own, torch"),
        ("arithmetic=float8", "arithmetic must be one of auto, float32, bfloat16, float16"),
    ],
)
def test_what_cannot_be_is_refused(assignment: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message.replace("?", r"\?")):
        finetune_settings([assignment])
