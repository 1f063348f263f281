"""The language model: embedding, LSTM layers, linear output. It reads token ids and knows nothing of text."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from poetcore.nn.loss import linear_cross_entropy
from poetcore.nn.lstm_torch import LSTM_STACKS


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


class LanguageModel(nn.Module):
    """P(next token | tokens so far), for time-major batches of token ids."""

    def __init__(self, architecture: Architecture, lstm: str = "torch", dropout: float = 0.0) -> None:
        """`lstm` is "own" or "torch"; `dropout` falls on the embedding, between layers and before the output."""
        super().__init__()
        self.architecture = architecture
        self.embedding = nn.Embedding(architecture.vocabulary_size, architecture.embedding_size)
        self.lstm = LSTM_STACKS[lstm](
            architecture.embedding_size, architecture.hidden_size, architecture.layers, dropout
        )
        self.output = nn.Linear(architecture.hidden_size, architecture.vocabulary_size)
        self.dropout = nn.Dropout(dropout)
        nn.init.xavier_uniform_(self.embedding.weight)
        nn.init.xavier_uniform_(self.output.weight)
        nn.init.zeros_(self.output.bias)
        if architecture.tied:
            self.output.weight = self.embedding.weight

    def hidden(self, tokens: Tensor) -> Tensor:
        """Hidden states [T, B, H] after reading `tokens` [T, B] int64 from the beginning."""
        result: Tensor = self.dropout(self.lstm(self.dropout(self.embedding(tokens))))
        return result

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits [T, B, V] of the token after each of `tokens` [T, B]: the plain, memory-hungry way."""
        logits: Tensor = self.output(self.hidden(tokens))
        return logits

    def loss(self, tokens: Tensor, lengths: Tensor) -> tuple[Tensor, int]:
        """Summed cross-entropy in nats, and how many tokens were predicted.

        `tokens` [T, B] int64 are whole sequences, padded at the end; `lengths` [B] says how long each is. The input
        drops the last token, the target the first; padding is not predicted.
        """
        steps = torch.arange(1, len(tokens), device=tokens.device)
        live = steps[:, None] < lengths[None, :]
        hidden = self.hidden(tokens[:-1])[live]
        return linear_cross_entropy(hidden, self.output.weight, self.output.bias, tokens[1:][live]), len(hidden)

    def package_tensors(self) -> dict[str, Tensor]:
        """The parameters under the names of a poet package (see `poetcore.package`)."""
        tensors = {"embedding": self.embedding.weight}
        for layer in range(self.architecture.layers):
            for ours, theirs in (("weight_ih", "weight_ih"), ("weight_hh", "weight_hh"), ("bias", "bias_ih")):
                tensors[f"lstm.{layer}.{ours}"] = self.lstm.get_parameter(f"{theirs}_l{layer}")
        if not self.architecture.tied:
            tensors["output.weight"] = self.output.weight
        tensors["output.bias"] = self.output.bias
        return {name: tensor.detach() for name, tensor in tensors.items()}
