"""Settings of a fine-tune: one documented dataclass, and `--set key=value`."""

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final

from poetcore.errors import SettingsError
from poetcore.training.presets import CHOICES, assigned

METHODS: Final = ("kto", "weighted")


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise SettingsError(message)


@dataclass(frozen=True)
class FinetuneSettings:
    """Everything that decides a fine-tune, together with the poet, the ratings and the data."""

    method: str = "kto"
    """"kto" (Ethayarajh et al. 2024) or "weighted" (reward-weighted likelihood)."""
    beta: float = 10.0
    """KTO: how fast a poem's value saturates with its log-ratio to the old poet, per nat a token."""
    reward_temperature: float = 1.0
    """Weighted: a poem counts exp(rating / this); small values leave out what was disliked."""
    replay_share: float = 0.67
    """Share of a batch's poems that come from the corpus, so that the poet forgets nothing."""
    batch_poems: int = 96
    """Poems in a batch, rated and corpus together."""
    updates: int = 120
    """Updates of the whole fine-tune."""
    minutes: float = 0.0
    """Stop after so many minutes of training; 0: no limit."""
    learning_rate: float = 1.5e-4
    """Peak of the learning rate; it rises over a tenth of the updates and falls along a cosine."""
    clip_norm: float = 1.0
    """Largest norm of the gradient."""
    tuned_share: float = 0.8
    """How much of the new poet's weights is the fine-tuned ones; the rest is the old poet's (Wortsman et al. 2022)."""
    least_ratings: int = 50
    """Fewer ratings than this teach nothing."""
    rater_share: float = 0.1
    """No rater counts for more than this share of all ratings."""
    older_weight: float = 0.5
    """What a rating of a poem by the version before counts; by the one before that, its square, and so on."""
    validation_poems: int = 500
    """Poems of the validation split that are measured before and after; 0: none."""
    lstm: str = "auto"
    """As in training."""
    arithmetic: str = "auto"
    """As in training."""
    seed: int = 1
    """Seed of the order and of the replayed poems."""

    def __post_init__(self) -> None:
        """Raise `SettingsError` for values that cannot be."""
        for name, choices in (("method", METHODS), *((name, CHOICES[name]) for name in ("lstm", "arithmetic"))):
            value = getattr(self, name)
            _require(value in choices, f"{name} must be one of {', '.join(choices)}, found {value!r}")
        for name in ("beta", "reward_temperature", "learning_rate", "clip_norm"):
            value = getattr(self, name)
            _require(0 < value < math.inf, f"{name} must be above 0 and finite, found {value}")
        for name in ("replay_share", "older_weight"):
            value = getattr(self, name)
            _require(0 <= value <= 1, f"{name} must lie between 0 and 1, found {value}")
        for name in ("rater_share", "tuned_share"):
            value = getattr(self, name)
            _require(0 < value <= 1, f"{name} must be above 0 and at most 1, found {value}")
        _require(self.updates >= 1, f"updates must be at least 1, found {self.updates}")
        _require(self.least_ratings >= 2, f"least_ratings must be at least 2, found {self.least_ratings}")
        for name in ("minutes", "validation_poems", "seed"):
            value = getattr(self, name)
            _require(0 <= value < math.inf, f"{name} must be 0 or more and finite, found {value}")
        _require(
            self.rated_poems >= 2,
            f"batch_poems={self.batch_poems} with replay_share={self.replay_share} leaves {self.rated_poems} rated "
            "poems in a batch: it takes 2 at least",
        )

    @property
    def replayed_poems(self) -> int:
        """Corpus poems of a batch."""
        return round(self.batch_poems * self.replay_share)

    @property
    def rated_poems(self) -> int:
        """Rated poems of a batch."""
        return self.batch_poems - self.replayed_poems

    def as_dict(self) -> dict[str, Any]:
        """The settings as JSON has them."""
        return asdict(self)


def finetune_settings(assignments: Iterable[str] = ()) -> FinetuneSettings:
    """The defaults with `key=value` assignments applied; raises `SettingsError` that names the nearest key."""
    return assigned(FinetuneSettings(), assignments)
