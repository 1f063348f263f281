"""The area under the ROC curve: how often a classifier ranks a generated poem above a real one; 0.5 is blind."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Area:
    """An AUC and its standard error."""

    auc: float
    error: float

    @classmethod
    def of(cls, generated: Floats, real: Floats) -> "Area":
        """Of the scores of both sides (Mann-Whitney, ties count half); the error after Hanley and McNeil (1982)."""
        ordered = np.sort(real)
        below = np.searchsorted(ordered, generated, "left") + np.searchsorted(ordered, generated, "right")
        auc = float(below.mean() / (2 * len(real)))
        first, second = auc / (2 - auc), 2 * auc**2 / (1 + auc)
        spread = auc * (1 - auc) + (len(generated) - 1) * (first - auc**2) + (len(real) - 1) * (second - auc**2)
        return cls(auc, math.sqrt(max(0.0, spread) / (len(generated) * len(real))))
