"""Why weights must not begin equal: how much the hidden units of a trained layer differ, in numbers and a picture.

The layer is run by the numpy LSTM, whose lines stand for the report's equations.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from poetcore.corpus import START, Vocabulary
from poetcore.evaluation.study.record import Spread, Units
from poetcore.nn.lstm_numpy import LSTMTrace, LSTMWeights, forward
from poetcore.package import Tensors

Array = npt.NDArray[np.float64]

PICTURE_TEXT: Final = "牀前看月光，疑是地上霜。舉頭望山月，低頭思故鄉。"
"""What the units read for the picture: 李白, 靜夜思, in its older wording."""
PICTURE_UNITS: Final = 48
"""Units in the picture, the first ones: more would be thinner than a line of text."""

# Units whose activations never differ by more than this count as one; float32 keeps seven digits.
_SAME: Final = 1e-6
# A gate this close to 0 or 1 hardly lets its gradient through: its slope is below 0.01.
_SHUT: Final = 0.01


@dataclass(frozen=True)
class Reading:
    """The first layer while it reads."""

    activations: Array
    """Hidden states, float64 [positions, H]."""
    gates: Array
    """Input, forget and output gates, float64 [positions, 3H]."""


def read(tensors: Tensors, vocabulary: Vocabulary, texts: list[str]) -> Reading:
    """The first layer of `tensors` (named as in a poet package) after every character of `texts`, each by itself."""
    readings = [_read_one(tensors, vocabulary, text) for text in texts]
    return Reading(
        np.concatenate([reading.activations for reading in readings]),
        np.concatenate([reading.gates for reading in readings]),
    )


def compare(start: Tensors, end: Tensors, vocabulary: Vocabulary, texts: list[str]) -> Units:
    """The hidden units before and after training, on `texts`; `start` and `end` are named as in a poet package."""
    picture = read(end, vocabulary, [PICTURE_TEXT]).activations[:, :PICTURE_UNITS].T
    return Units(
        before=spread(start, read(start, vocabulary, texts)),
        after=spread(end, read(end, vocabulary, texts)),
        parameters=sum(tensor.size for tensor in end.values()),
        moved=sum(int((end[name] != start[name]).sum()) for name in end),
        text=PICTURE_TEXT,
        activations=tuple(tuple(round(float(value), 3) for value in row) for row in picture),
    )


def spread(tensors: Tensors, reading: Reading) -> Spread:
    """The figures of `Spread` from the weights and what they did to a text."""
    activations = reading.activations
    weights = unit_weights(tensors)
    return Spread(
        units=activations.shape[1],
        distinct_units=distinct_columns(activations),
        largest_difference=float(np.ptp(activations, axis=1).max()),
        effective_rank=effective_rank(activations),
        largest_weight_difference=float(np.ptp(weights, axis=0).max()),
        shut_gates=float(((reading.gates < _SHUT) | (reading.gates > 1 - _SHUT)).mean()),
    )


def unit_weights(tensors: Tensors) -> Array:
    """All that leads into each unit of the first layer, float64 [H, 4(D + H + 1)]: gate by gate, biases last."""
    hidden = tensors["lstm.0.weight_hh"].shape[1]
    gates = np.concatenate(
        (tensors["lstm.0.weight_ih"], tensors["lstm.0.weight_hh"], tensors["lstm.0.bias"][:, None]), axis=1
    )
    units: Array = gates.reshape(4, hidden, -1).transpose(1, 0, 2).reshape(hidden, -1).astype(np.float64)
    return units


def distinct_columns(matrix: Array) -> int:
    """How many columns of `matrix` are left when those that are the same within a millionth count once."""
    kept: list[Array] = []
    for column in matrix.T:
        if not kept or np.abs(np.stack(kept) - column).max(axis=1).min() > _SAME:
            kept.append(column)
    return len(kept)


def effective_rank(matrix: Array) -> float:
    """e to the entropy of the singular values as shares (Roy and Vetterli 2007); 0 for a matrix of zeros."""
    values = np.linalg.svd(matrix, compute_uv=False)
    if values.sum() == 0:
        return 0.0
    shares = values / values.sum()
    shares = shares[shares > 0]
    return float(np.exp(-(shares * np.log(shares)).sum()))


def _read_one(tensors: Tensors, vocabulary: Vocabulary, text: str) -> Reading:
    tokens = np.concatenate(([START], vocabulary.encode(text)))
    inputs = tensors["embedding"][tokens].astype(np.float64)[:, None]
    weights = LSTMWeights(
        *(tensors[f"lstm.0.{name}"].astype(np.float64) for name in ("weight_ih", "weight_hh", "bias"))
    )
    size = weights.hidden_size
    trace: LSTMTrace = forward(weights, inputs, np.zeros((1, size)), np.zeros((1, size)))
    # START says nothing of the text; its state is the same for all.
    gates = trace.gates[1:, 0]
    return Reading(
        trace.hidden[2:, 0].astype(np.float64),
        np.concatenate((gates[:, : 2 * size], gates[:, 3 * size :]), axis=1).astype(np.float64),
    )
