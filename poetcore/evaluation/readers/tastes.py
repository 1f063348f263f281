"""Four tastes as numbers: a larger number is more to the taste."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from poetcore.evaluation.readers.realism import Realism
from poetcore.prosody.text import is_hanzi

Array = npt.NDArray[np.float64]

NAMES: Final = ("autumn", "peace", "fresh_words", "realism")
AUTUMN: Final = frozenset("秋霜雁菊桂楓蛩砧蟬螢蕭葉落涼寒露黃暮蟲蘆荻梧")
WAR: Final = frozenset("戰兵戈劍刀弓箭馬軍將胡虜賊塞烽甲旌旗鼓殺血征戍敵營陣騎城關")


@dataclass(frozen=True)
class Tastes:
    """The tastes, on a scale on which the first poems have mean 0 and standard deviation 1."""

    common: frozenset[str]
    """The hanzi that poets write all the time."""
    realism: Realism
    mean: Array
    """[4]."""
    deviation: Array
    """[4]."""

    @classmethod
    def of(cls, common: frozenset[str], realism: Realism, first: Sequence[str]) -> "Tastes":
        """The scale is that of the poems `first`."""
        plain = cls(common, realism, np.zeros(len(NAMES)), np.ones(len(NAMES)))
        values = plain.scores(first)
        return cls(common, realism, values.mean(axis=0), np.maximum(values.std(axis=0), 1e-9))

    def scores(self, texts: Sequence[str]) -> Array:
        """How much each text is to each taste, [texts, 4] in the order of `NAMES`."""
        words = np.array([self._word_scores(text) for text in texts]).reshape(len(texts), 3)
        raw = np.column_stack((words, self.realism.scores(texts)))
        scaled: Array = (raw - self.mean) / self.deviation
        return scaled

    def _word_scores(self, text: str) -> tuple[float, float, float]:
        hanzi = [char for char in text if is_hanzi(char)]
        count = max(1, len(hanzi))
        repeated = len(hanzi) - len(set(hanzi))
        return (
            sum(char in AUTUMN for char in hanzi) / count,
            -sum(char in WAR for char in hanzi) / count,
            -(sum(char in self.common for char in hanzi) + repeated) / count,
        )
