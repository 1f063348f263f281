"""What a study finds, as it stands in `arm.json` and `study.json`."""

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, computed_field

from poetcore.training.curves import perplexity

Outcome = Literal["confirmed", "partly", "refuted", "open", "measured"]
"""How a claim of the report fared; "open" where the run cannot tell, "measured" where the report claims nothing."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class EpochRow(_Part):
    """An arm after an epoch. Cross-entropies are nats per predicted token."""

    epoch: int
    updates: int
    tokens: int
    """Real tokens trained on so far."""
    seconds: float
    """Seconds of training so far, evaluation left out."""
    train_cross_entropy: float
    validation_cross_entropy: float
    test_cross_entropy: float

    @computed_field  # type: ignore[prop-decorator]
    @property
    def validation_perplexity(self) -> float:
        """e to the cross-entropy in nats, which is 2 to that in bits."""
        return perplexity(self.validation_cross_entropy)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def test_perplexity(self) -> float:
        """As `validation_perplexity`."""
        return perplexity(self.test_cross_entropy)


class Spread(_Part):
    """How much the hidden units of the first layer differ from each other."""

    units: int
    distinct_units: int
    """Units of which no two have activations within a millionth of each other at every position."""
    largest_difference: float
    """Largest difference between two units' activations at one position."""
    effective_rank: float
    """Of the activations, positions x units (Roy and Vetterli 2007); 0 where all are zero."""
    largest_weight_difference: float
    """Largest difference between two units' weights from one input to one gate."""
    shut_gates: float
    """Share of the sigmoid gates that stand within 0.01 of 0 or 1, where next to no gradient passes."""


class Units(_Part):
    """The hidden units of an arm before and after training."""

    before: Spread
    after: Spread
    parameters: int
    moved: int
    """Parameters that training changed."""
    text: str
    """What the units read for the picture."""
    activations: tuple[tuple[float, ...], ...]
    """Of the first units (rows) after training, at each character of `text` (columns)."""


class Machine(_Part):
    """What an arm ran on."""

    processor: str
    cores: int
    memory_gb: float
    training: str
    """Threads or GPU, arithmetic and layer, as training says."""
    system: str
    python: str
    torch: str
    numpy: str
    yuexia: str


class ArmRecord(_Part):
    """A finished arm."""

    name: str
    label: str
    reason: str
    settings: dict[str, Any]
    equal_weight: float | None
    stopped: Literal["epochs", "validation", "diverged"]
    trouble: str | None
    """What training said when it diverged."""
    parameters: int
    rows: tuple[EpochRow, ...]
    best_epoch: int | None
    """The epoch with the lowest validation perplexity; None if none ended."""
    bits_per_hanzi: float | None
    """Of the test poems whole and untruncated, with the best weights."""
    bits_at: tuple[int, float] | None
    """An epoch, and the bits per hanzi with the best weights until then."""
    losses: tuple[tuple[int, float], ...]
    """Update and mean training cross-entropy, thinned; only where hidden units are compared."""
    units: Units | None
    poems: dict[str, str | None]
    """Of an optimiser's arm, a poem for each beginning; None where the vocabulary lacks the character."""
    began: AwareDatetime
    ended: AwareDatetime
    machine: Machine

    @computed_field  # type: ignore[prop-decorator]
    @property
    def tokens_per_second(self) -> float | None:
        """Real tokens trained on in a second, evaluation left out."""
        return self.rows[-1].tokens / self.rows[-1].seconds if self.rows and self.rows[-1].seconds else None

    @property
    def best(self) -> EpochRow | None:
        """The row of the best epoch."""
        return next((row for row in self.rows if row.epoch == self.best_epoch), None)


class Verdict(_Part):
    """A claim of the report and what the figures say of it."""

    claim: str
    outcome: Outcome
    text: str


class OptimiserLine(_Part):
    """A line of the optimisers' table."""

    arm: str
    label: str
    learning_rate: float
    weight_decay: float
    clip_norm: float
    reason: str
    stopped: str
    epochs: int
    best_epoch: int | None
    validation_cross_entropy: float | None
    validation_perplexity: float | None
    test_cross_entropy: float | None
    test_perplexity: float | None
    bits_per_hanzi: float | None
    seconds_to_best: float | None
    seconds: float | None


class InitialisationLine(_Part):
    """A line of the initialisations' table."""

    arm: str
    label: str
    units: int
    distinct_units: int
    largest_difference: float
    largest_weight_difference: float
    effective_rank: float
    shut_gates: float
    parameters: int
    moved: int
    first_loss: float | None
    epoch: int | None
    validation_cross_entropy: float | None
    """After `epoch`, the last that all arms have."""


class SizeLine(_Part):
    """A line of a table of lengths, vocabularies or hidden sizes."""

    arm: str
    value: int
    centre: bool
    whole_poems: float
    """Share of the training poems that fit whole into the sequence length."""
    known_characters: float
    """Share of the test poems' running characters that the vocabulary has."""
    parameters: int
    perplexity: float | None
    """On test with its own sequences and vocabulary: compares with no other line."""
    bits_per_hanzi: float | None
    tokens_per_second: float | None
    seconds_per_epoch: float | None


class CorpusFacts(_Part):
    """The poems that a study learnt from."""

    fingerprint: str
    """Of the prepared corpus (SHA-256 of its manifest)."""
    collections: tuple[str, ...]
    """Those learnt from."""
    prepared_from: tuple[str, ...]
    """All that the prepared corpus holds: the vocabulary goes by frequency in these."""
    train: int
    validation: int
    test: int
    of: tuple[int, int, int]
    """How many poems the corpus has of each split, were none left out."""


class Study(_Part):
    """Everything on the page."""

    format: Literal[1] = 1
    scale: str
    command: str
    began: AwareDatetime
    ended: AwareDatetime
    seconds: float
    """Seconds of training of all arms together."""
    seed: int
    cuts: tuple[str, ...]
    """In what it is less than the full study; empty for that."""
    corpus: CorpusFacts
    machines: tuple[Machine, ...]
    initialisation: tuple[InitialisationLine, ...]
    optimisers: tuple[OptimiserLine, ...]
    size_epochs: int
    lengths: tuple[SizeLine, ...]
    vocabularies: tuple[SizeLine, ...]
    hidden_sizes: tuple[SizeLine, ...]
    initialisation_verdicts: tuple[Verdict, ...]
    optimiser_verdicts: tuple[Verdict, ...]
    size_verdicts: tuple[Verdict, ...]
    temperature: float
    report_poems: dict[str, str]
    """The report's own poems, by beginning."""
    arms: dict[str, ArmRecord]
