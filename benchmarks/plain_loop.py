"""The baseline: the course report's training loop, as a good student writes it in PyTorch.

Poems of any length in random order, 256 to a batch, padded to the longest of the batch; embedding, `torch.nn.LSTM`,
linear layer, all logits at once; cross-entropy that ignores the padding; Adam; float32. No trick, and no mistake that
would make it slower than it has to be.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pad_sequence

from benchmarks.costs import Sizes
from poetcore.corpus import START

# START is never predicted, so that it can stand for "nothing here".
_PADDING = START


class PlainModel(nn.Module):
    """Embedding, LSTM layers, linear output."""

    def __init__(self, sizes: Sizes) -> None:
        """Xavier initialisation, as in the report; what else than text a model may be told, this one is not."""
        super().__init__()
        self.embedding = nn.Embedding(sizes.vocabulary, sizes.embedding)
        self.lstm = nn.LSTM(sizes.embedding, sizes.hidden, num_layers=sizes.layers, batch_first=True)
        self.output = nn.Linear(sizes.hidden, sizes.vocabulary)
        if sizes.tied:
            self.output.weight = self.embedding.weight
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)
            else:
                nn.init.zeros_(parameter)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits [B, T, V] of the token after each of `tokens` [B, T] int64."""
        logits: Tensor = self.output(self.lstm(self.embedding(tokens))[0])
        return logits

    @torch.no_grad()
    def load_weights(self, weights: Mapping[str, Tensor]) -> None:
        """Take over weights that have the names of a poet package; torch's second bias becomes zero."""
        self.embedding.weight.copy_(weights["embedding"])
        if "output.weight" in weights:
            self.output.weight.copy_(weights["output.weight"])
        self.output.bias.copy_(weights["output.bias"])
        for layer in range(self.lstm.num_layers):
            for ours, theirs in (("weight_ih", "weight_ih"), ("weight_hh", "weight_hh"), ("bias", "bias_ih")):
                self.lstm.get_parameter(f"{theirs}_l{layer}").copy_(weights[f"lstm.{layer}.{ours}"])
            self.lstm.get_parameter(f"bias_hh_l{layer}").zero_()


class PlainLoop:
    """The model in training, an update at a time."""

    def __init__(
        self, model: PlainModel, batches: Sequence[Sequence[Tensor]], device: torch.device, learning_rate: float = 1e-3
    ) -> None:
        """`batches`: poems as token ids [length] int64 from START to END; they come again when all were seen."""
        self.model = model.to(device)
        self._batches: Iterator[Sequence[Tensor]] = cycle(batches)
        self._device = device
        self._optimiser = torch.optim.Adam(self.model.parameters(), lr=learning_rate)

    def update(self) -> int:
        """Make one update; returns its real tokens, those that were predicted and are no padding."""
        poems = next(self._batches)
        loss = batch_loss(self.model, poems, self._device)
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()
        return predicted_tokens(poems)


def batch_loss(model: PlainModel, poems: Sequence[Tensor], device: torch.device) -> Tensor:
    """Mean cross-entropy in nats of the tokens of `poems`, as one padded batch."""
    tokens = pad_sequence(list(poems), batch_first=True, padding_value=_PADDING).to(device)
    logits = model(tokens[:, :-1])
    return cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten(), ignore_index=_PADDING)


def predicted_tokens(poems: Sequence[Tensor]) -> int:
    """Tokens that are predicted in `poems`: all but each one's first."""
    return sum(len(poem) - 1 for poem in poems)


@torch.no_grad()
def mean_cross_entropy(model: PlainModel, poems: Sequence[Tensor], device: torch.device, batch_poems: int) -> float:
    """Mean cross-entropy in nats a token of all `poems`; the judge of every loop's weights."""
    nats, tokens = 0.0, 0
    shortest_first = sorted(poems, key=len)
    for start in range(0, len(poems), batch_poems):
        batch = shortest_first[start : start + batch_poems]
        count = predicted_tokens(batch)
        nats += batch_loss(model, batch, device).item() * count
        tokens += count
    return nats / tokens
