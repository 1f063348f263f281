"""The Transformer, and the width and depth that give it as many parameters as an LSTM has."""

import math
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from poetcore.errors import SettingsError

_WIDTH_STEP: Final = 32
_HEAD: Final = 64
"""Least width of a head, if the model is as wide."""
_DEPTHS: Final = range(1, 17)
# Width over depth. Between about 24 and 100 the loss hardly changes (Kaplan et al. 2020, figure 5); the middle is best.
_ASPECTS: Final = (24, 100)
_BEST_ASPECT: Final = 48
_CLOSE: Final = 0.005
_INIT_STD: Final = 0.02


@dataclass(frozen=True)
class Shape:
    """The sizes of a Transformer."""

    vocabulary: int
    positions: int
    """Most tokens that it reads at once."""
    width: int
    layers: int
    feed_forward: int
    """Width inside the feed-forward blocks, about four times the width."""

    @property
    def heads(self) -> int:
        """Attention heads: as many as divide the width and are not narrower than 64."""
        return next(heads for heads in range(max(1, self.width // _HEAD), 0, -1) if self.width % heads == 0)

    @property
    def parameters(self) -> int:
        """Weights that learn; the output layer shares the embedding's."""
        width, inner = self.width, self.feed_forward
        attention = 4 * width * width + 4 * width
        feed_forward = 2 * width * inner + inner + width
        norms = 4 * width
        layers = self.layers * (attention + feed_forward + norms)
        return (self.vocabulary + self.positions) * width + layers + 2 * width + self.vocabulary


def shape_for(parameters: int, vocabulary: int, positions: int) -> Shape:
    """The shape with `parameters` weights to half a percent, of an ordinary width over depth; else the nearest.

    Raises `SettingsError` where that is more than a tenth off.
    """
    shapes = (
        _with_feed_forward(parameters, Shape(vocabulary, positions, width, layers, 4 * width))
        for layers in _DEPTHS
        for width in range(_WIDTH_STEP, _ASPECTS[1] * layers + 1, _WIDTH_STEP)
        if width >= _ASPECTS[0] * layers
    )
    shape = min(
        shapes,
        key=lambda shape: (
            max(_CLOSE, abs(shape.parameters / parameters - 1)),
            abs(math.log(shape.width / shape.layers / _BEST_ASPECT)),
        ),
    )
    if abs(shape.parameters - parameters) > parameters / 10:
        raise SettingsError(
            f"no Transformer of vocabulary {vocabulary} has about {parameters} weights: set other sizes"
        )
    return shape


def _with_feed_forward(parameters: int, shape: Shape) -> Shape:
    """`shape` with its feed-forward width moved, by a quarter at most and in steps of 8, towards `parameters`."""
    each = 8 * shape.layers * (2 * shape.width + 1)
    steps = round((parameters - shape.parameters) / each)
    bound = shape.width // 8
    inner = shape.feed_forward + 8 * max(-bound, min(bound, steps))
    return Shape(shape.vocabulary, shape.positions, shape.width, shape.layers, inner)


class CausalTransformer(nn.Module):
    """P(next token | tokens so far): learned positions, normalisation first, GELU, tied embedding."""

    def __init__(self, shape: Shape, dropout: float = 0.0) -> None:
        """Initialised as GPT-2: normal, the products that end a residual branch smaller by the root of their number."""
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.width)
        self.positions = nn.Embedding(shape.positions, shape.width)
        self.dropout = nn.Dropout(dropout)
        layer = nn.TransformerEncoderLayer(
            shape.width,
            shape.heads,
            shape.feed_forward,
            dropout,
            activation="gelu",
            batch_first=True,
            norm_first=True,
        )
        # Dropout falls on what goes into the residual stream, as is usual. In the attention it would bar torch's fast
        # way, and the random numbers for the wide middle of the feed-forward block cost a fifth of the time.
        layer.self_attn.dropout = layer.dropout.p = 0.0
        self.layers = nn.TransformerEncoder(
            layer, shape.layers, norm=nn.LayerNorm(shape.width), enable_nested_tensor=False
        )
        self.bias = nn.Parameter(torch.zeros(shape.vocabulary))
        self._initialise()

    def hidden(self, tokens: Tensor) -> Tensor:
        """What the output layer reads, [B, T, width], after each of `tokens` [B, T] int64, T at most `positions`."""
        steps = tokens.shape[1]
        places = torch.arange(steps, device=tokens.device)
        inputs = self.dropout(self.embedding(tokens) + self.positions(places))
        mask = nn.Transformer.generate_square_subsequent_mask(steps, device=tokens.device)
        result: Tensor = self.layers(inputs, mask=mask, is_causal=True)
        return result

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits [B, T, V] of the token after each of `tokens` [B, T]."""
        return nn.functional.linear(self.hidden(tokens), self.embedding.weight, self.bias)

    @torch.no_grad()
    def _initialise(self) -> None:
        ends = _INIT_STD / math.sqrt(2 * self.shape.layers)
        for name, parameter in self.named_parameters():
            if parameter.dim() > 1:
                parameter.normal_(std=ends if name.endswith(("out_proj.weight", "linear2.weight")) else _INIT_STD)
            elif name.endswith("bias"):
                parameter.zero_()
