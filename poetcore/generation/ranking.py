"""Which candidate becomes the poem.

What is seen of a candidate is a handful of numbers: how likely the unmasked model finds it, how well its couplets go
together, how well the middle couplets of 律詩 answer each other, how much of it was said in poems served lately, and
how well it goes with the title. What they are worth was learned (`poetcore.evaluation.ranking`): the score is the log
odds that a candidate with these numbers is a real poem, and not one that the poet wrote or one in disorder.

The choice is drawn by these odds, as weighted resampling has it (Rubin 1987): the highest score of sixteen is likelier
and more coherent than poems are. At low temperatures, where that is wanted, it is taken. (Drawn by the square of the
odds, poems are told from real ones by the neural reader with an AUC of 0.65 in place of 0.64.)
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, Final

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from poetcore.association import Association
from poetcore.errors import PackageError
from poetcore.generation.decoding import Drafts
from poetcore.generation.engine import Engine
from poetcore.prosody import FORMS, Form

Floats = npt.NDArray[np.float64]
Lines = Sequence[str]
"""A poem as its lines, hanzi alone, in traditional script."""

FEATURES: Final = ("likelihood", "coherence", "parallelism", "repetition")
"""The columns of `Ranking.features`."""

_TITLES: Final = "ranking-titles.safetensors"
_COUPLETS: Final = "ranking-couplets.safetensors"
_PARALLELS: Final = "ranking-parallels.safetensors"
_WEIGHTS: Final = "ranking.json"

FILES: Final = (_TITLES, _COUPLETS, _PARALLELS, _WEIGHTS)
"""What a poet package holds of it."""

# The exact likelihood of sixteen drafts costs as much as a third of writing them.
_SHORT_LIST: Final = 4

# A title was asked for: it counts by this power of its odds, or half of the poems would be found again by it.
_TITLE_SHARPNESS: Final = 7.0
# A draft is drawn by its odds at temperature 1. Whoever asks for cooler poems wants good ones rather than all kinds:
# here the best is taken.
_BEST_AT: Final = 0.8

# Lines 3 and 4, 5 and 6 of 律詩.
_MIDDLE: Final = ((2, 3), (4, 5))


class Weights(BaseModel):
    """What the numbers are worth in one form."""

    model_config = ConfigDict(frozen=True)

    features: Annotated[tuple[FiniteFloat, ...], Field(min_length=len(FEATURES), max_length=len(FEATURES))]
    title: FiniteFloat
    """Of the score of the title."""
    exact: tuple[FiniteFloat, FiniteFloat]
    """Slope and offset from a draft's rough likelihood a hanzi to the exact one."""


class _Learned(BaseModel):
    """What `ranking.json` holds."""

    forms: dict[str, Weights]


@dataclass(frozen=True)
class Ranking:
    """What was learned, for every form."""

    titles: Association
    """Titles and poems."""
    couplets: Association
    """A couplet and the one after it."""
    parallels: Association
    """A character of a couplet's upper line and the one at its place in the lower."""
    weights: Mapping[str, Weights]

    def features(self, form: Form, poems: Sequence[Lines], likelihoods: Floats, recent: frozenset[str]) -> Floats:
        """[N, FEATURES] of N poems of `form`.

        `likelihoods`: [N], mean ln P a hanzi; `recent`: `pairs_of` the poems served lately.
        """
        return np.column_stack(
            (
                likelihoods,
                self._coherence(poems),
                self._parallelism(form, poems),
                [_repetition(lines, recent) for lines in poems],
            )
        )

    def scores(
        self, form: Form, poems: Sequence[Lines], likelihoods: Floats, title: str | None, recent: frozenset[str]
    ) -> Floats:
        """[N] log odds, but for a constant; those of the title sharpened."""
        weights = self.weights[form.name]
        scores: Floats = self.features(form, poems, likelihoods, recent) @ np.array(weights.features)
        if title:
            of_title = self.titles.scores(title, ["".join(lines) for lines in poems])
            scores = scores + _TITLE_SHARPNESS * weights.title * of_title
        return scores

    def _coherence(self, poems: Sequence[Lines]) -> Floats:
        """The mean score of each couplet with the next."""
        couplets = [["".join(lines[at : at + 2]) for at in range(0, len(lines), 2)] for lines in poems]
        upper = self.couplets.of_lefts([couplet for poem in couplets for couplet in poem[:-1]])
        lower = self.couplets.of_rights([couplet for poem in couplets for couplet in poem[1:]])
        means: Floats = (upper * lower).sum(axis=1, dtype=np.float64).reshape(len(poems), -1).mean(axis=1)
        return means

    def _parallelism(self, form: Form, poems: Sequence[Lines]) -> Floats:
        """The mean score of the characters that answer each other in the middle couplets; 0 for 絕句."""
        if form.lines < 8:
            return np.zeros(len(poems))
        upper = self.parallels.of_lefts([char for lines in poems for first, _ in _MIDDLE for char in lines[first]])
        lower = self.parallels.of_rights([char for lines in poems for _, second in _MIDDLE for char in lines[second]])
        means: Floats = (upper * lower).sum(axis=1, dtype=np.float64).reshape(len(poems), -1).mean(axis=1)
        return means

    def to_files(self) -> dict[str, bytes]:
        """As it lies in a poet package."""
        learned = _Learned(forms=dict(self.weights))
        return {
            _TITLES: self.titles.to_bytes(),
            _COUPLETS: self.couplets.to_bytes(),
            _PARALLELS: self.parallels.to_bytes(),
            _WEIGHTS: learned.model_dump_json(indent=2).encode() + b"\n",
        }

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> "Ranking | None":
        """What `to_files` made, None if nothing of it is there; raises `PackageError` if it is not whole."""
        if not any(name in files for name in FILES):
            return None
        if missing := [name for name in FILES if name not in files]:
            raise PackageError(f"the poet package lacks {missing[0]}; export the poet again")
        titles, couplets, parallels = (Association.from_bytes(files[name], name) for name in FILES[:3])
        return cls(titles, couplets, parallels, _weights(files[_WEIGHTS]))


def _weights(content: bytes) -> dict[str, Weights]:
    try:
        forms = _Learned.model_validate_json(content).forms
    except ValidationError as error:
        raise PackageError(f"{_WEIGHTS}: {error.errors()[0]['msg']}") from error
    if forms.keys() != FORMS.keys():
        raise PackageError(f"{_WEIGHTS} has the forms {' '.join(forms)}, not {' '.join(FORMS)}")
    return forms


def chosen(
    drafts: Drafts,
    engine: Engine,
    form: Form,
    poems: Sequence[Lines],
    ranking: Ranking | None,
    temperature: float,
    rng: np.random.Generator,
    title: str | None = None,
    recent: frozenset[str] = frozenset(),
) -> tuple[int, float]:
    """Which of the drafts, read as `poems`, becomes the poem, and its mean ln P a hanzi under the unmasked model.

    The exact likelihood is computed for a short list only. Without a `ranking` the likeliest draft is chosen.
    """
    rough: Floats = drafts.rough / form.hanzi
    # The largest of scores with such noise is drawn by the powers of their odds.
    noise = max(0.0, (temperature - _BEST_AT) / (1 - _BEST_AT)) * rng.gumbel(size=len(poems))
    promise = rough
    if ranking is not None:
        slope, offset = ranking.weights[form.name].exact
        promise = noise + ranking.scores(form, poems, slope * rough + offset, title, recent)
    rows = _short_list(promise, poems)
    likelihoods = drafts.log_likelihoods(engine, rows) / form.hanzi
    scores = likelihoods
    if ranking is not None:
        scores = noise[rows] + ranking.scores(form, [poems[row] for row in rows], likelihoods, title, recent)
    first = best(scores)
    return int(rows[first]), float(likelihoods[first])


def _short_list(promise: Floats, poems: Sequence[Lines]) -> npt.NDArray[np.int64]:
    """The rows of the most promising poems, in order. Of candidates that are the same poem, the best stands for all."""
    by_promise = np.argsort(-promise, kind="stable").tolist()
    standing_for = {tuple(poems[row]): row for row in reversed(by_promise)}
    return np.sort([row for row in by_promise if standing_for[tuple(poems[row])] == row][:_SHORT_LIST])


def pairs_of(poems: Iterable[Lines]) -> frozenset[str]:
    """The pairs of neighbouring characters that stand in `poems`."""
    return frozenset(pair for lines in poems for pair in _pairs(lines))


def best(scores: Sequence[float] | npt.NDArray[Any]) -> int:
    """Index of the poem: the highest score, the first among equals."""
    return int(np.argmax(scores))


def _repetition(lines: Lines, recent: frozenset[str]) -> float:
    """The share of a poem's pairs that are among `recent`."""
    pairs = _pairs(lines)
    return sum(pair in recent for pair in pairs) / max(1, len(pairs))


def _pairs(lines: Lines) -> list[str]:
    return ["".join(pair) for line in lines for pair in pairwise(line)]
