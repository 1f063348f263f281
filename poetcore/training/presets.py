"""Training settings: one documented dataclass, the presets, and `--set key=value`."""

import difflib
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from poetcore.errors import SettingsError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Settings = TypeVar("Settings", bound="DataclassInstance")

# What a poet package may have at most: a larger model could be trained but never exported.
_LARGEST: Final = {
    **dict.fromkeys(("embedding_size", "hidden_size", "context_size", "condition_size"), 16_384),
    "layers": 64,
    **dict.fromkeys(("updates", "warmup_updates"), 10**9),
    "seed": 2**63 - 1,
}

# The characters above are kept as two bytes each (see `poetcore.training.data`).
_LARGEST_TOLD: Final = 2**15

OPTIMISERS: Final = ("sgd", "adagrad", "adadelta", "adam", "adamw", "muon")
_NOT_NEGATIVE: Final = (
    *("weight_decay", "warmup_updates", "clip_norm", "seed"),
    *("context_size", "condition_size", "frequent_tokens", "sampled_tokens", "updates"),
    "evaluation_poems",
)
CHOICES: Final = {
    "optimiser": OPTIMISERS,
    "lstm": ("auto", "own", "torch"),
    "arithmetic": ("auto", "float32", "bfloat16", "float16"),
    "initialisation": ("xavier", "random", "zero"),
}


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise SettingsError(message)


@dataclass(frozen=True)
class TrainingSettings:
    """Everything that decides the curve, together with the data and the seed."""

    preset: str
    """Name of the preset these settings began as."""
    collections: tuple[str, ...] = ("tang",)
    """Collections trained and validated on; the training poems of one named twice come twice in an epoch."""
    vocabulary_size: int = 3_500
    """Token ids, the three specials included; rarer characters are UNKNOWN."""
    sequence_length: int = 50
    """Longest sequence, start and end tokens counted; longer poems are cut and get no end token."""
    batch_poems: int = 256
    """Poems in a batch."""
    embedding_size: int = 128
    """Width of the character embedding."""
    hidden_size: int = 256
    """Width of an LSTM layer."""
    layers: int = 1
    """Stacked LSTM layers."""
    tied: bool = False
    """Whether the output layer shares the embedding's weight (then embedding_size = hidden_size)."""
    dropout: float = 0.0
    """Share of activations dropped on the embedding, between layers and before the output."""
    weight_drop: float = 0.0
    """Share of the recurrent weights that a batch does without."""
    context_size: int = 0
    """Width of each embedding of place and of the characters above (see nn/context.py); 0: the model is not told."""
    condition_size: int = 0
    """Width of the embedding of title, form and era; 0: the model is not told."""
    frequent_tokens: int = 0
    """Token ids that every chunk of the loss sees when the softmax is sampled."""
    sampled_tokens: int = 0
    """Other token ids drawn for a chunk of the loss; 0: the whole softmax."""
    average: float = 0.0
    """Decay of the running average of the weights, which is then what is evaluated and exported; 0: no average."""
    initialisation: str = "xavier"
    """One of xavier, random, zero."""
    lstm: str = "auto"
    """"own" for the project's layer, "torch" for torch.nn.LSTM, "auto": own on a CPU, torch on a GPU."""
    arithmetic: str = "auto"
    """Of the products in training: float32, bfloat16, float16 or "auto", the fastest that the processor has."""
    optimiser: str = "adam"
    """One of sgd, adagrad, adadelta, adam, adamw, muon (for the gates' weights, AdamW for all others)."""
    learning_rate: float = 1e-3
    """Learning rate, the peak if there is a schedule."""
    weight_decay: float = 0.0
    """Weight decay of the optimiser."""
    warmup_updates: int = 0
    """Updates over which the learning rate rises from zero."""
    decay: bool = False
    """Whether the learning rate falls to a hundredth along a cosine over all updates."""
    clip_norm: float = 0.0
    """Largest norm of the gradient; 0 does not clip."""
    epochs: int = 60
    """Most epochs."""
    updates: int = 0
    """Most updates, and the length of the cosine; 0: as many as the epochs have."""
    evaluation_poems: int = 0
    """Poems of the validation and of the test split that are looked at, evenly spread; 0: all."""
    patience: int = 3
    """Epochs without a better validation perplexity after which training stops."""
    seed: int = 1
    """Seed of initialisation, order and dropout."""

    def __post_init__(self) -> None:
        """Raise `SettingsError` for values that cannot be."""
        for name in ("embedding_size", "hidden_size", "layers", "batch_poems", "epochs", "patience"):
            _require(getattr(self, name) >= 1, f"{name} must be at least 1, found {getattr(self, name)}")
        for name, largest in _LARGEST.items():
            _require(getattr(self, name) <= largest, f"{name} must be at most {largest}, found {getattr(self, name)}")
        _require(self.vocabulary_size >= 8, f"vocabulary_size must be at least 8, found {self.vocabulary_size}")
        _require(self.sequence_length >= 4, f"sequence_length must be at least 4, found {self.sequence_length}")
        _require(
            0 < self.learning_rate < math.inf, f"learning_rate must be above 0 and finite, found {self.learning_rate}"
        )
        for name in _NOT_NEGATIVE:
            _require(getattr(self, name) >= 0, f"{name} must not be negative, found {getattr(self, name)}")
            _require(getattr(self, name) < math.inf, f"{name} must be finite, found {getattr(self, name)}")
        for name, choices in CHOICES.items():
            _require(
                getattr(self, name) in choices,
                f"{name} must be one of {', '.join(choices)}, found {getattr(self, name)!r}",
            )
        for name in ("dropout", "weight_drop", "average"):
            _require(0 <= getattr(self, name) < 1, f"{name} must be from 0 to below 1, found {getattr(self, name)}")
        _require(
            not self.context_size or self.vocabulary_size <= _LARGEST_TOLD,
            f"context_size needs a vocabulary_size of at most {_LARGEST_TOLD:,}, found {self.vocabulary_size}",
        )
        _require(
            not self.tied or self.embedding_size == self.hidden_size,
            "tied needs embedding_size = hidden_size: the output layer is the embedding",
        )

    def as_dict(self) -> dict[str, Any]:
        """The settings as JSON has them."""
        return asdict(self) | {"collections": list(self.collections)}


_SMALL: Final = TrainingSettings(
    preset="small",
    collections=("tang", "song"),
    vocabulary_size=5_000,
    sequence_length=128,
    batch_poems=64,
    embedding_size=256,
    hidden_size=256,
    layers=2,
    tied=True,
    context_size=64,
    condition_size=128,
    frequent_tokens=1_024,
    sampled_tokens=1_024,
    optimiser="adamw",
    learning_rate=3e-3,
    weight_decay=0.01,
    warmup_updates=200,
    decay=True,
    clip_norm=1.0,
    epochs=3,
    evaluation_poems=2_500,
)

PRESETS: Final = {
    # The course report's recipe.
    "seed": TrainingSettings(preset="seed"),
    "small": _SMALL,
    # An hour and a half of two cores with bfloat16 arithmetic.
    "base": replace(
        _SMALL,
        preset="base",
        collections=("tang", "tang", "song"),
        vocabulary_size=7_000,
        embedding_size=512,
        hidden_size=512,
        batch_poems=128,
        optimiser="muon",
        updates=5_800,
    ),
}


def settings_for(preset: str, assignments: Iterable[str] = ()) -> TrainingSettings:
    """The preset with `key=value` assignments applied; raises `SettingsError` that names the nearest key."""
    if preset not in PRESETS:
        raise SettingsError(f"no preset is called {preset!r}{_nearest(preset, PRESETS)}")
    return assigned(PRESETS[preset], assignments)


def assigned(settings: Settings, assignments: Iterable[str]) -> Settings:
    """`settings` with `key=value` assignments applied; raises `SettingsError` that names the nearest key."""
    known = {field.name for field in fields(settings)} - {"preset"}
    changes: dict[str, Any] = {}
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        if not equals:
            raise SettingsError(f"--set takes key=value, found {assignment!r}")
        if key not in known:
            raise SettingsError(f"no setting is called {key!r}{_nearest(key, known)}")
        changes[key] = _parsed(key, value, getattr(settings, key))
    return replace(settings, **changes)


def _parsed(key: str, value: str, example: object) -> object:
    """`value` as the type of the setting's present value."""
    try:
        if isinstance(example, bool):
            return {"true": True, "false": False}[value.lower()]
        if isinstance(example, tuple):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return type(example)(value)  # type: ignore[call-arg]
    except (KeyError, ValueError) as error:
        kind = "true or false" if isinstance(example, bool) else f"a value like {example!r}"
        raise SettingsError(f"{key} takes {kind}, found {value!r}") from error


def _nearest(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(names)}"
