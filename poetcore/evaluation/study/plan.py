"""Which arms a study has, and with which settings: a pure function of its scale."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from poetcore.training.presets import PRESETS, TrainingSettings

CENTRE: Final = "adam"
"""The report's own choice in everything; the other arms differ from it in one thing each."""

BEGINNINGS: Final = "日紅山夜湖海月"
"""The report's seven beginnings, as the collection writes them (its 红 is 紅)."""


@dataclass(frozen=True)
class Method:
    """An optimiser with the learning rate that is customary for it."""

    name: str
    label: str
    changes: dict[str, Any]
    """Settings that differ from the centre's."""
    reason: str
    """Where the learning rate comes from, a clause in plain English."""


# The report gives no learning rates.
METHODS: Final = (
    Method(
        "sgd",
        "SGD",
        {"learning_rate": 20.0, "clip_norm": 0.25},
        "the rate and the clipping of PyTorch's own word language model example; torch's default of 0.001 would "
        "stand still for ten epochs, and 20 without clipping does not converge",
    ),
    Method("adagrad", "AdaGrad", {"learning_rate": 1e-2}, "torch's default, and usual since Duchi et al. (2011)"),
    Method(
        "adadelta",
        "Adadelta",
        {"learning_rate": 1.0},
        "torch's default: Zeiler's method (2012) as it is, without a rate",
    ),
    Method("adam", "Adam", {"learning_rate": 1e-3}, "torch's default, and what Kingma and Ba (2015) propose"),
    Method(
        "adamw",
        "AdamW",
        {"learning_rate": 1e-3, "weight_decay": 1e-2},
        "torch's defaults, weight decay 0.01 included (Loshchilov and Hutter 2019); not in the report",
    ),
)

# Any number shows the same; a large one would have all gates shut from the start, which is another matter.
EQUAL_WEIGHT: Final = 0.01


@dataclass(frozen=True)
class Scale:
    """How large a study is."""

    name: str
    """"full" or "quick"."""
    base: TrainingSettings
    """The centre's settings; its epochs bound those of the optimisers."""
    initialisation_epochs: int
    """Epochs of the arms that start from zero, equal and random weights."""
    size_epochs: int
    """Epochs after which lengths, vocabularies and hidden sizes are compared."""
    lengths: tuple[int, ...]
    vocabularies: tuple[int, ...]
    hidden_sizes: tuple[int, ...]
    poems: tuple[int, int, int] | None = None
    """Most poems of training, validation and test; None takes all."""

    def with_epochs(self, epochs: int) -> "Scale":
        """The same study with at most `epochs` epochs an arm; raises `SettingsError` for fewer than one."""
        return replace(
            self,
            base=replace(self.base, epochs=epochs),
            initialisation_epochs=min(self.initialisation_epochs, epochs),
            size_epochs=min(self.size_epochs, epochs),
        )


# 5 x 10 + 6 x 4 + 3 x 3 epochs: where the seed preset trains 40,000 tokens/s 76 minutes, and 9 of measuring.
FULL: Final = Scale(
    name="full",
    base=replace(PRESETS["seed"], epochs=10),
    initialisation_epochs=3,
    size_epochs=4,
    lengths=(30, 50, 80),
    vocabularies=(2_000, 3_500, 5_000),
    hidden_sizes=(128, 256, 512),
)

QUICK: Final = Scale(
    name="quick",
    # Small batches: what counts here is the number of updates, Adam's first thousand above all.
    base=replace(PRESETS["seed"], epochs=6, vocabulary_size=1_000, batch_poems=16, embedding_size=32, hidden_size=64),
    initialisation_epochs=2,
    size_epochs=3,
    lengths=(30, 50, 80),
    vocabularies=(500, 1_000, 2_000),
    hidden_sizes=(32, 64, 128),
    poems=(2_000, 300, 300),
)


@dataclass(frozen=True)
class Arm:
    """One training run of the study."""

    name: str
    """Also the name of its folder."""
    label: str
    settings: TrainingSettings
    reason: str = ""
    """Where its learning rate comes from."""
    equal_weight: float | None = None
    """Every weight is set to this number before the first update."""
    bits_at: int | None = None
    """Epoch after which the best weights so far are measured in bits per hanzi, besides the last."""
    watches_units: bool = False
    """Whether its hidden units are compared."""
    writes: bool = False
    """Whether its best weights write a poem for each of the report's beginnings."""


@dataclass(frozen=True)
class Plan:
    """The arms in the order in which they run, and which of them each section compares."""

    scale: Scale
    arms: tuple[Arm, ...]
    initialisation: tuple[str, ...]
    optimisers: tuple[str, ...]
    lengths: tuple[str, ...]
    vocabularies: tuple[str, ...]
    hidden_sizes: tuple[str, ...]


def plan_of(scale: Scale) -> Plan:
    """The arms of a study of `scale`; the centre is shared by all sections and runs first."""
    optimisers = tuple(_optimiser_arm(method, scale) for method in METHODS)
    initialisation = tuple(_initialisation_arms(scale))
    sizes = {
        key: tuple(_size_arms(key, values, scale))
        for key, values in (
            ("sequence_length", scale.lengths),
            ("vocabulary_size", scale.vocabularies),
            ("hidden_size", scale.hidden_sizes),
        )
    }
    arms = (*optimisers, *initialisation, *(arm for some in sizes.values() for arm in some))
    return Plan(
        scale=scale,
        arms=tuple(sorted(arms, key=lambda arm: arm.name != CENTRE)),
        initialisation=(*(arm.name for arm in initialisation), CENTRE),
        optimisers=tuple(arm.name for arm in optimisers),
        lengths=_around_centre(sizes["sequence_length"], "sequence_length", scale),
        vocabularies=_around_centre(sizes["vocabulary_size"], "vocabulary_size", scale),
        hidden_sizes=_around_centre(sizes["hidden_size"], "hidden_size", scale),
    )


def _optimiser_arm(method: Method, scale: Scale) -> Arm:
    centre = method.name == CENTRE
    return Arm(
        name=method.name,
        label=method.label,
        settings=replace(scale.base, optimiser=method.name, **method.changes),
        reason=method.reason,
        bits_at=scale.size_epochs if centre else None,
        watches_units=centre,
        writes=True,
    )


def _initialisation_arms(scale: Scale) -> Iterator[Arm]:
    short = replace(scale.base, epochs=scale.initialisation_epochs)
    zero = replace(short, initialisation="zero")
    yield Arm("zero", "zero", zero, watches_units=True)
    yield Arm("equal", f"all {EQUAL_WEIGHT}", zero, equal_weight=EQUAL_WEIGHT, watches_units=True)
    yield Arm("random", "random", replace(short, initialisation="random"), watches_units=True)


_SIZES: Final = {"sequence_length": "length", "vocabulary_size": "vocabulary", "hidden_size": "hidden"}


def _size_arms(key: str, values: tuple[int, ...], scale: Scale) -> Iterator[Arm]:
    for value in values:
        if value != getattr(scale.base, key):
            changes: dict[str, Any] = {"epochs": scale.size_epochs, key: value}
            settings = replace(scale.base, **changes)
            yield Arm(f"{_SIZES[key]}-{value}", f"{_SIZES[key]} {value:,}", settings)


def _around_centre(arms: tuple[Arm, ...], key: str, scale: Scale) -> tuple[str, ...]:
    """The names of `arms` and the centre, smallest value first."""
    values = {arm.name: getattr(arm.settings, key) for arm in arms} | {CENTRE: getattr(scale.base, key)}
    return tuple(sorted(values, key=values.__getitem__))
