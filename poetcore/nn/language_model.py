"""The language model: embeddings, LSTM layers, linear output. It reads token ids and knows nothing of text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy.typing as npt
import torch
from torch import Tensor, nn

from poetcore.nn.context import ERA_IDS, FORM_IDS, PLACES
from poetcore.nn.initialisation import initialise
from poetcore.nn.lookup import Lookup, Steps
from poetcore.nn.loss import Sampling, linear_cross_entropy
from poetcore.nn.lstm_own import OwnLSTM
from poetcore.nn.lstm_torch import LSTMStack, TorchLSTM

LSTM_STACKS: Final[dict[str, type[OwnLSTM] | type[TorchLSTM]]] = {"own": OwnLSTM, "torch": TorchLSTM}


@dataclass(frozen=True)
class Architecture:
    """The sizes of a language model."""

    vocabulary_size: int
    """V: token ids, specials included."""
    embedding_size: int
    """E."""
    hidden_size: int
    """H."""
    layers: int
    """Stacked LSTM layers."""
    tied: bool
    """Whether the output layer's weight is the embedding (then E = H)."""
    context_size: int = 0
    """Width of each of the three embeddings of a `Contexts`; 0: the model is not told."""
    condition_size: int = 0
    """Width of the vector that stands for title, form and era together; 0: the model is not told."""

    @property
    def input_size(self) -> int:
        """D: the width of what the first layer reads."""
        return self.embedding_size + 3 * self.context_size + self.condition_size


@dataclass(frozen=True)
class Conditions:
    """What the model is told of each of B poems besides its text."""

    titles: Tensor
    """int64: the title's token ids of all poems, end to end; none for a poem whose title is not told."""
    title_begins: Tensor
    """int64 [B]: where each poem's begin."""
    forms: Tensor
    """int64 [B], see `form_id`."""
    eras: Tensor
    """int64 [B], see `ERA_IDS`."""


@dataclass(frozen=True)
class Batch:
    """Sequences packed as `Steps` says: N inputs, each with the token that follows it."""

    steps: Steps
    inputs: Tensor
    """int64 [N]."""
    targets: Tensor
    """int64 [N]."""
    contexts: Tensor | None = None
    """int64 [N, 3]: place, above, second above (see `poetcore.nn.context`)."""
    conditions: Conditions | None = None
    """None: nothing is told of any poem."""


class Dropout(nn.Module):
    """Dropout that drops the same hidden units at every step of a sequence (variational; Gal & Ghahramani 2016)."""

    def __init__(self, rate: float) -> None:
        """`rate`: the share of units dropped."""
        super().__init__()
        self.rate = rate

    def forward(self, rows: Tensor, steps: Steps) -> Tensor:
        """`rows` [N, H] packed as `steps` says."""
        if not self.training or not self.rate:
            return rows
        mask = self._mask(steps.sizes[0], rows)
        return rows * mask[steps.sequences]

    def on_table(self, table: Tensor) -> Tensor:
        """The same for the rows of an embedding: wherever a character stands in the batch, the same units are gone."""
        return table * self._mask(len(table), table) if self.training and self.rate else table

    def _mask(self, rows: int, like: Tensor) -> Tensor:
        return like.new_empty(rows, like.shape[1]).bernoulli_(1 - self.rate) / (1 - self.rate)


class LanguageModel(nn.Module):
    """P(next token | tokens so far)."""

    def __init__(
        self,
        architecture: Architecture,
        lstm: str = "own",
        dropout: float = 0.0,
        arithmetic: torch.dtype = torch.float32,
        sampling: Sampling | None = None,
        initialisation: str = "xavier",
        weight_drop: float = 0.0,
    ) -> None:
        """`lstm` is "own" or "torch".

        While training, products are computed in `arithmetic`, `dropout` falls on the embeddings, between layers and
        before the output, `weight_drop` on the recurrent weights, and the loss is an estimate if there is a
        `sampling`; otherwise all is exact and float32.
        """
        super().__init__()
        self.architecture, self.arithmetic, self.sampling = architecture, arithmetic, sampling
        sizes = architecture
        self.embedding = nn.Embedding(sizes.vocabulary_size, sizes.embedding_size)
        if sizes.context_size:
            self.above = nn.Embedding(sizes.vocabulary_size, sizes.context_size)
            self.place = nn.Embedding(PLACES, sizes.context_size)
        if sizes.condition_size:
            self.title = nn.Linear(sizes.embedding_size, sizes.condition_size, bias=False)
            self.form = nn.Embedding(FORM_IDS, sizes.condition_size)
            self.era = nn.Embedding(ERA_IDS, sizes.condition_size)
        self.lstm = LSTM_STACKS[lstm](sizes.input_size, sizes.hidden_size, sizes.layers, weight_drop)
        self.output = nn.Linear(sizes.hidden_size, sizes.vocabulary_size)
        self.dropout = Dropout(dropout)
        if sizes.tied:
            self.output.weight = self.embedding.weight
        initialise(self, initialisation)

    def forward(self, batch: Batch) -> Tensor:
        """Summed cross-entropy of the batch's targets in nats: a float32 scalar."""
        hidden = self.hidden(batch)
        weight = self.output.weight.to(hidden.dtype)
        sampling = self.sampling if self.training else None
        return linear_cross_entropy(hidden, weight, self.output.bias, batch.targets, sampling)

    def hidden(self, batch: Batch) -> Tensor:
        """Hidden states [N, H] after each input, in the arithmetic of the mode."""
        stack: LSTMStack = self.lstm
        hidden = stack(self._lookup(batch), batch.steps, lambda rows: self.dropout(rows, batch.steps))
        dropped: Tensor = self.dropout(hidden, batch.steps)
        return dropped

    def logits(self, tokens: Tensor, contexts: Tensor | None = None) -> Tensor:
        """Logits [T, B, V] of the token after each of `tokens` [T, B] int64, conditions not told.

        `contexts` [T, B, 3] as in a `Batch`. The plain, memory-hungry way: for samples and tests.
        """
        steps, rows = tokens.shape
        flat = tokens.flatten()
        told = contexts.flatten(0, 1) if contexts is not None else None
        hidden = self.hidden(Batch(Steps.of((rows,) * steps, flat.device), flat, flat, told))
        logits: Tensor = self.output(hidden.to(self.output.weight.dtype)).view(steps, rows, -1)
        return logits

    def _lookup(self, batch: Batch) -> Lookup:
        columns = [_rows_of(self.embedding.weight, [batch.inputs])]
        if self.architecture.context_size:
            columns += self._context_columns(batch)
        if self.architecture.condition_size:
            columns.append((self._conditions(batch), [batch.steps.sequences]))
        dtype = self.arithmetic if self.training else self.embedding.weight.dtype
        tables = [(self.dropout.on_table(table).to(dtype), indices) for table, indices in columns]
        # Each table once for each of its index columns.
        pairs = [(table, index) for table, indices in tables for index in indices]
        return Lookup([table for table, _ in pairs], torch.stack([index for _, index in pairs], dim=1))

    def _context_columns(self, batch: Batch) -> list[tuple[Tensor, list[Tensor]]]:
        told = batch.contexts if batch.contexts is not None else batch.inputs.new_zeros(len(batch.inputs), 3)
        place, above, second = told.unbind(1)
        return [(self.place.weight, [place]), _rows_of(self.above.weight, [above, second])]

    def _conditions(self, batch: Batch) -> Tensor:
        """The condition vectors, [B, condition_size]."""
        told = batch.conditions
        if told is None:
            nothing = batch.inputs.new_zeros(batch.steps.sizes[0])
            told = Conditions(batch.inputs.new_zeros(0), nothing, nothing, nothing)
        # A title is the mean of its characters' embeddings: what it is about, not how it is put.
        titles = nn.functional.embedding_bag(told.titles, self.embedding.weight, told.title_begins, mode="mean")
        vectors: Tensor = self.title(titles) + self.form(told.forms) + self.era(told.eras)
        return vectors

    @property
    def gate_weights(self) -> list[Tensor]:
        """The weights of all layers' gates, [4H, D or H] each."""
        names = ("weight_ih", "weight_hh")
        return [self.lstm.layer_parameter(name, layer) for layer in range(self.architecture.layers) for name in names]

    def package_tensors(self) -> dict[str, Tensor]:
        """The parameters under the names of a poet package (see `poetcore.package`)."""
        tensors = {"embedding": self.embedding.weight}
        if self.architecture.context_size:
            tensors |= {"above": self.above.weight, "place": self.place.weight}
        if self.architecture.condition_size:
            tensors |= {"title": self.title.weight, "form": self.form.weight, "era": self.era.weight}
        for layer in range(self.architecture.layers):
            for ours, theirs in (("weight_ih", "weight_ih"), ("weight_hh", "weight_hh"), ("bias", "bias_ih")):
                tensors[f"lstm.{layer}.{ours}"] = self.lstm.layer_parameter(theirs, layer)
        if not self.architecture.tied:
            tensors["output.weight"] = self.output.weight
        tensors["output.bias"] = self.output.bias
        return {name: tensor.detach() for name, tensor in tensors.items()}

    @torch.no_grad()
    def take_package_tensors(self, tensors: Mapping[str, npt.NDArray[Any]]) -> None:
        """Take the weights of a package whose architecture is the model's."""
        for name, parameter in self.package_tensors().items():
            # They share the parameters' memory.
            parameter.copy_(torch.from_numpy(tensors[name]))


def _rows_of(weight: Tensor, indices: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
    """Of an embedding, the rows that `indices` name, each once, and `indices` counted in those.

    On a GPU the whole of it: how many rows there are would have to be waited for.
    """
    if weight.device.type != "cpu":
        return weight, list(indices)
    rows, places = torch.unique(torch.cat(list(indices)), return_inverse=True)
    return nn.functional.embedding(rows, weight), list(places.chunk(len(indices)))
