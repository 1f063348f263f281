"""Cross-entropy of a linear output layer, in chunks of rows that stay in the processor's cache.

The plain way writes N x V logits, their softmax and its gradient to memory and reads them back several times; for the
report's model that is four fifths of a training step. Here a chunk of rows goes through product, softmax, loss and
gradient before the next one starts, so that the chunk's logits never leave the cache.

Where it is asked for, a chunk sees a part of the vocabulary only (sampled softmax; Bengio & Senécal 2008, Jean et al.
2015): all frequent tokens, the chunk's own targets, and a uniform sample of the rest that stands for all of the rest.
The sum that it normalises by is an unbiased estimate of the whole one; most of its mass is not estimated at all,
because token ids are ranks of frequency and the first thousand characters are four fifths of a poem.
"""

import math
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor

from poetcore.nn.kernels import Kernels, kernels_for, state_dtype

# 512 rows of 3,500 logits in bfloat16 are 3.6 MB: two cores' second-level caches hold them. A GPU wants more at once.
CHUNK_ROWS: Final = 512
_CHUNK_ROWS_ON_GPU: Final = 8_192


@dataclass(frozen=True)
class Sampling:
    """Which part of the vocabulary a chunk sees."""

    frequent: int
    """Token ids below this are always there."""
    sampled: int
    """How many of the others are drawn for a chunk."""
    rows: int = 2_048
    """Rows of a chunk: with more of them, their own targets are a better sample."""


def linear_cross_entropy(
    hidden: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, sampling: Sampling | None = None
) -> Tensor:
    """Sum over rows of -ln softmax(hidden weightᵀ + bias)[target], in nats: a float32 scalar.

    `hidden` [N, H] and `weight` [V, H] of one dtype, bfloat16 or float32 (the dtype of the products), `bias` [V]
    float32, `targets` [N] int64. With `sampling` it is an estimate, drawn with torch's random numbers.
    """
    # Two products of three are the gradient's. Inside the function torch says that a parameter needs one even where
    # nothing is recorded.
    learns = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in (hidden, weight, bias))
    result: Tensor = _LinearCrossEntropy.apply(  # type: ignore[no-untyped-call]
        hidden, weight, bias, targets, sampling, kernels_for(hidden), learns
    )
    return result


class _LinearCrossEntropy(torch.autograd.Function):
    """The gradient of a sum is known as soon as the softmax is: it is computed in the forward pass."""

    @staticmethod
    def forward(
        ctx: Any,
        hidden: Tensor,
        weight: Tensor,
        bias: Tensor,
        targets: Tensor,
        sampling: Sampling | None,
        kernels: Kernels,
        learns: bool,
    ) -> Tensor:
        d_hidden = torch.empty_like(hidden) if learns else hidden
        d_weight, d_bias = torch.zeros_like(weight, dtype=state_dtype(weight)), torch.zeros_like(bias)
        total = hidden.new_zeros((), dtype=state_dtype(hidden))
        for start in range(0, len(hidden), _chunk_rows(hidden, sampling)):
            rows = slice(start, start + _chunk_rows(hidden, sampling))
            part = (
                _whole(weight, bias, targets[rows])
                if sampling is None
                else _drawn(weight, bias, targets[rows], sampling)
            )
            logits = hidden[rows] @ part.weight.t()
            part_d_bias = torch.zeros_like(part.bias)
            total += kernels.softmax_loss(logits, part.bias, part.targets, part_d_bias).sum()
            if learns:
                torch.mm(logits, part.weight, out=d_hidden[rows])
                part.add_to(d_weight, logits.t() @ hidden[rows])
                part.add_to(d_bias, part_d_bias)
        ctx.save_for_backward(d_hidden, d_weight, d_bias)
        return total

    @staticmethod
    def backward(ctx: Any, *d_total: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None, None, None]:
        d_hidden, d_weight, d_bias = ctx.saved_tensors
        scale = d_total[0]
        # Each is ours alone and asked for once: scaled where it lies.
        return d_hidden.mul_(scale), d_weight.mul_(scale), d_bias.mul_(scale), None, None, None, None


def _chunk_rows(hidden: Tensor, sampling: Sampling | None) -> int:
    if hidden.device.type != "cpu":
        return _CHUNK_ROWS_ON_GPU
    return CHUNK_ROWS if sampling is None else sampling.rows


@dataclass(frozen=True)
class _Columns:
    """The part of the output layer that a chunk sees."""

    weight: Tensor
    bias: Tensor
    targets: Tensor
    """The columns of the targets."""
    frequent: int
    """So many columns are the token ids from 0 on."""
    others: Tensor | None
    """Token ids of the columns after those."""

    def add_to(self, total: Tensor, part: Tensor) -> None:
        """Add `part` [columns, …] to `total` [V, …]."""
        total[: self.frequent] += part[: self.frequent]
        if self.others is not None:
            total.index_add_(0, self.others, part[self.frequent :].to(total.dtype))


def _whole(weight: Tensor, bias: Tensor, targets: Tensor) -> _Columns:
    return _Columns(weight, bias, targets, len(weight), None)


def _drawn(weight: Tensor, bias: Tensor, targets: Tensor, sampling: Sampling) -> _Columns:
    """The frequent tokens, the rarer targets, and a sample of the rest with the logarithm of its weight added."""
    frequent, size = min(sampling.frequent, len(weight)), len(weight)
    wanted = targets.new_zeros(size, dtype=torch.bool)
    wanted[targets] = True
    wanted[:frequent] = True
    rest = (~wanted).nonzero()[:, 0]
    sample = rest[torch.randperm(len(rest), device=rest.device)[: sampling.sampled]]
    rare_targets = wanted[frequent:].nonzero()[:, 0] + frequent
    others = torch.cat((rare_targets, sample))
    columns = torch.empty(size, dtype=torch.int64, device=targets.device)
    columns[:frequent] = torch.arange(frequent, device=targets.device)
    columns[others] = torch.arange(frequent, frequent + len(others), device=targets.device)
    weighted = torch.cat((bias[:frequent], bias[others]))
    if len(sample):
        weighted[frequent + len(rare_targets) :] += math.log(len(rest) / len(sample))
    return _Columns(torch.cat((weight[:frequent], weight[others])), weighted, columns[targets], frequent, others)
