"""Bits per hanzi of a Transformer, by the definition that `poetcore.evaluation.bits` has: whole poems, END included.

A Transformer reads no more than its positions at once. A longer poem goes through it in windows: each begins, after
START, with the line after a full stop, at most half a window before the first token that is still to be foretold. So
every token is charged once, given at least half a window, and the charge is that of a true distribution over poems.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from benchmarks.transformer.model import CausalTransformer
from poetcore.corpus import END, START, UNKNOWN, PreparedCorpus, Vocabulary
from poetcore.evaluation.bits import BLOCK, Measure
from poetcore.prosody.text import FULL_STOP, is_hanzi

_WINDOWS: Final = 64
"""Windows scored at once."""
_NOT_CHARGED: Final = -100


@dataclass(frozen=True)
class Window:
    """A piece of a poem that goes through the model at once."""

    inputs: list[int]
    """Token ids, START first."""
    targets: list[int]
    """What follows each of the inputs."""
    charged_from: int
    """Targets before this one were charged in the window before."""


def windows(poem: Sequence[int], positions: int, full_stop: int) -> Iterator[Window]:
    """The windows of `poem` (token ids without START and END), each of at most `positions` inputs."""
    whole = [*poem, END]
    done = 0
    while done < len(whole):
        begin = _begin(whole, done, positions, full_stop)
        targets = whole[begin : begin + positions]
        yield Window([START, *targets[:-1]], targets, done - begin)
        done = begin + len(targets)


def measure_transformer(
    model: CausalTransformer, vocabulary: Vocabulary, corpus: PreparedCorpus, poems: Sequence[int]
) -> Measure:
    """Measure the poems of `corpus` at the places `poems`, untruncated, in float32."""
    texts = [corpus.text(poem) for poem in poems]
    encoded = [vocabulary.encode(text) for text in texts]
    hanzi = [char for text in texts for char in text if is_hanzi(char)]
    unknown = sum(int((tokens == UNKNOWN).sum()) for tokens in encoded)
    return Measure(
        poems=len(texts),
        hanzi=len(hanzi),
        unknown_hanzi=sum(char not in vocabulary for char in hanzi),
        predicted_tokens=sum(len(tokens) + 1 for tokens in encoded),
        token_bits=token_bits(model, [tokens.tolist() for tokens in encoded], vocabulary.id_of(FULL_STOP)),
        spread_bits=unknown * math.log2(max(1, BLOCK - sum(map(is_hanzi, vocabulary.characters)))),
    )


@torch.no_grad()
def token_bits(model: CausalTransformer, poems: Sequence[Sequence[int]], full_stop: int) -> float:
    """−log2 P of all `poems` together, END included; token ids without START and END."""
    was_training = model.training
    model.eval()
    pieces = sorted(
        (piece for poem in poems for piece in windows(poem, model.shape.positions, full_stop)),
        key=lambda piece: len(piece.inputs),
    )
    nats = sum(_nats(model, pieces[start : start + _WINDOWS]) for start in range(0, len(pieces), _WINDOWS))
    model.train(was_training)
    return nats / math.log(2)


def _begin(whole: Sequence[int], done: int, positions: int, full_stop: int) -> int:
    """Where the window that charges `whole[done]` begins."""
    if done == 0:
        return 0
    earliest = max(0, done - positions // 2)
    return next((place for place in range(max(1, earliest), done) if whole[place - 1] == full_stop), earliest)


def _nats(model: CausalTransformer, pieces: Sequence[Window]) -> float:
    longest = max(len(piece.inputs) for piece in pieces)
    inputs = np.full((len(pieces), longest), START, dtype=np.int64)
    targets = np.full((len(pieces), longest), _NOT_CHARGED, dtype=np.int64)
    for row, piece in enumerate(pieces):
        inputs[row, : len(piece.inputs)] = piece.inputs
        targets[row, piece.charged_from : len(piece.targets)] = piece.targets[piece.charged_from :]
    device = model.bias.device
    logits: Tensor = model(torch.from_numpy(inputs).to(device)).float()
    wanted = torch.from_numpy(targets).to(device)
    losses = cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=_NOT_CHARGED, reduction="none")
    return float(losses.double().sum().item())
