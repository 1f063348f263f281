"""What a model costs on paper: floating point operations a token."""

from dataclasses import dataclass

from poetcore.training.presets import TrainingSettings


@dataclass(frozen=True)
class Sizes:
    """The sizes of an LSTM language model."""

    vocabulary: int
    """V: token ids, specials included."""
    embedding: int
    """E."""
    hidden: int
    """H."""
    layers: int
    """Stacked LSTM layers."""
    tied: bool
    """Whether the output layer's weight is the embedding."""
    told: int = 0
    """Width of what the first layer reads besides the embedding."""

    @classmethod
    def of(cls, settings: TrainingSettings, vocabulary: int) -> "Sizes":
        """The sizes that `settings` ask for; `vocabulary` is less than theirs where the corpus has fewer characters."""
        told = 3 * settings.context_size + settings.condition_size
        return cls(vocabulary, settings.embedding_size, settings.hidden_size, settings.layers, settings.tied, told)

    @property
    def inputs(self) -> tuple[int, ...]:
        """Width of each layer's input."""
        return (self.embedding + self.told, *[self.hidden] * (self.layers - 1))


def multiply_adds(sizes: Sizes) -> int:
    """Multiply-adds of the matrix products of one token, forward: four gates a layer, and the output layer."""
    gates = sum(4 * sizes.hidden * (width + sizes.hidden) for width in sizes.inputs)
    return gates + sizes.hidden * sizes.vocabulary


def training_flop(sizes: Sizes) -> int:
    """FLOP of one token in training: two a multiply-add, forward once and backward twice (inputs and weights)."""
    return 6 * multiply_adds(sizes)
