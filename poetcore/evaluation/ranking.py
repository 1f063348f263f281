"""Learning to choose among candidates: what tells real poems from those that the poet writes, and from disorder.

Tables of characters that go together come from the training poems. What the numbers of `poetcore.generation.ranking`
are worth comes from validation poems, which the poet and the tables have not seen: a logistic regression of real poems
against drafts that the poet wrote, and against real poems with their lines in another order, each form for itself.

Drafts are written at temperature 1, as the model would have it: then they are less likely than real poems, and
likelihood is worth something. Cooler ones are likelier: who learned from that would choose the strangest.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from poetcore.association import Association
from poetcore.corpus import TRAIN, VALIDATION, PreparedCorpus, evenly_spread
from poetcore.evaluation.bits import known_ids, token_bits
from poetcore.generation import ComposeRequest, Poet
from poetcore.generation.ranking import Ranking, Weights, pairs_of
from poetcore.prosody import FORMS, Form, form_of
from poetcore.prosody.text import lines_of
from poetcore.training.association import learn_association, learn_pairs

Floats = npt.NDArray[np.float64]
Lines = tuple[str, ...]
Observer = Callable[[str], None]

_DIMENSIONS: Final = 32
"""Of the tables of couplets and of answering characters; 64 tell couplets apart by one in a hundred better."""
_ANSWERS: Final = 600_000
"""Pairs of answering characters that are looked at."""
_REAL: Final = 480
"""Real poems of a form, each in order and in disorder."""
_FEWEST_REAL: Final = 40
_REQUESTS: Final = 40
"""Times sixteen drafts of a form."""
_RECENT: Final = 20
_RIDGE: Final = 1e-3
_NEWTON_STEPS: Final = 50
_SIGNS: Final = np.array([1, 1, 1, -1])
"""Of what `FEATURES` are worth: likelihood, coherence and parallelism are never worse for being more, repetition never
better."""


@dataclass(frozen=True)
class _Sample:
    """Poems of one form and what the model was told with them."""

    poems: list[Lines]
    titles: list[str | None]
    likelihoods: Floats
    """Mean ln P a hanzi, under the condition."""


def learn_ranking(corpus: PreparedCorpus, poet: Poet, observe: Observer = lambda _line: None) -> Ranking | None:
    """What `poet` is to choose by, from the poems of `corpus`; None if they are too few.

    Takes minutes, most of them for the tables. Deterministic on one machine.
    """
    real = {name: _real(corpus, poet, form) for name, form in FORMS.items()}
    if any(len(sample.poems) < _FEWEST_REAL for sample in real.values()):
        return None
    observe("titles and poems")
    titles = learn_association(corpus, half=1)
    observe("couplets")
    couplets = learn_pairs(*_sides(_neighbours(corpus)), dimensions=_DIMENSIONS)
    observe("answering characters")
    parallels = learn_pairs(*_sides(_answers(corpus)), dimensions=_DIMENSIONS)
    if titles is None or couplets is None or parallels is None:
        return None
    of_title = _title_weight(titles, corpus)
    unweighted = Ranking(titles, couplets, parallels, {})
    weights = {}
    for name, form in FORMS.items():
        observe(f"drafts of {name}")
        weights[name] = _weights(unweighted, corpus, poet, form, real[name], of_title)
    return Ranking(titles, couplets, parallels, weights)


def _regulated(corpus: PreparedCorpus, split: int) -> Iterator[tuple[int, Form, Lines]]:
    """Number, form and lines of the poems of `split` that are of one of the forms."""
    for poem in corpus.select(split):
        text = corpus.text(int(poem))
        form = form_of(text)
        if form is not None:
            yield int(poem), form, lines_of(text)


def _neighbours(corpus: PreparedCorpus) -> Iterator[tuple[str, str]]:
    """Each couplet of the training poems with the one after it."""
    for _, form, lines in _regulated(corpus, TRAIN):
        couplets = ["".join(lines[at : at + 2]) for at in range(0, form.lines, 2)]
        yield from pairwise(couplets)


def _answers(corpus: PreparedCorpus) -> list[tuple[str, str]]:
    """Characters at the same place of the two lines of middle couplets, some of all that there are."""
    found = [
        pair
        for _, form, lines in _regulated(corpus, TRAIN)
        if form.lines == 8
        for first in (2, 4)
        for pair in zip(lines[first], lines[first + 1], strict=True)
    ]
    step = max(1, len(found) // _ANSWERS)
    return found[::step]


def _sides(pairs: Iterable[tuple[str, str]]) -> tuple[list[str], list[str]]:
    found = list(pairs)
    return [left for left, _ in found], [right for _, right in found]


def _real(corpus: PreparedCorpus, poet: Poet, form: Form) -> _Sample:
    """Validation poems of `form`, evenly spread; every second one's title is told."""
    found = [(poem, lines) for poem, own, lines in _regulated(corpus, VALIDATION) if own == form]
    if not found:
        return _Sample([], [], np.zeros(0))
    found = [found[place] for place in evenly_spread(len(found), _REAL)]
    titles = [corpus.titles[poem] if number % 2 else None for number, (poem, _) in enumerate(found)]
    return _told(poet, form, [lines for _, lines in found], titles)


def _told(poet: Poet, form: Form, poems: list[Lines], titles: list[str | None]) -> _Sample:
    conditions = [poet.condition(known_ids(poet.vocabulary, title or ""), form) for title in titles]
    encoded = [poet.vocabulary.encode(form.punctuate(lines)) for lines in poems]
    bits = token_bits(poet.engine, encoded, conditions)
    return _Sample(poems, titles, -bits * np.log(2) / form.hanzi)


def _disordered(poet: Poet, form: Form, real: _Sample) -> _Sample:
    """The poems with their lines in another order."""
    random = np.random.default_rng(form.hanzi)
    orders = [random.permutation(form.lines) for _ in real.poems]
    # An order that is the old one says nothing: turn it by one.
    orders = [np.roll(order, 1) if (np.diff(order) == 1).all() else order for order in orders]
    poems = [tuple(lines[place] for place in order) for lines, order in zip(real.poems, orders, strict=True)]
    return _told(poet, form, poems, real.titles)


def _drafted(corpus: PreparedCorpus, poet: Poet, form: Form) -> tuple[_Sample, Floats]:
    """Drafts of the poet, on every second request on the title of a validation poem; and their rough likelihoods."""
    titles = [corpus.titles[int(poem)] for poem in corpus.select(VALIDATION)]
    random = np.random.default_rng(form.hanzi)
    poems: list[Lines] = []
    told: list[str | None] = []
    exact, rough = [], []
    for number in range(_REQUESTS):
        title = titles[int(random.integers(len(titles)))] if number % 2 else None
        request = ComposeRequest(form=form, title=title or None, seed=number, temperature=1.0)
        drafts, texts = poet.drafts(request)
        poems += [lines_of(text) for text in texts]
        told += [title] * len(texts)
        exact.append(drafts.log_likelihoods(poet.engine, np.arange(len(texts))) / form.hanzi)
        rough.append(drafts.rough / form.hanzi)
    return _Sample(poems, told, np.concatenate(exact)), np.concatenate(rough)


def _weights(
    ranking: Ranking, corpus: PreparedCorpus, poet: Poet, form: Form, real: _Sample, of_title: float
) -> Weights:
    drafted, rough = _drafted(corpus, poet, form)
    slope, offset = np.polyfit(rough, drafted.likelihoods, 1)
    samples = (real, drafted, _disordered(poet, form, real))
    rows = np.vstack([_features(ranking, form, sample, drafted.poems) for sample in samples])
    counts = [len(sample.poems) for sample in samples]
    labels = np.repeat([1.0, 0.0, 0.0], counts)
    # Real poems weigh as much as all others, drafts as much as disorder.
    shares = np.repeat([1 / counts[0], 0.5 / counts[1], 0.5 / counts[2]], counts)
    features = _fitted_by_sign(rows, labels, shares)
    return Weights(features=tuple(features.tolist()), title=of_title, exact=(float(slope), float(offset)))


def _fitted_by_sign(rows: Floats, labels: Floats, shares: Floats) -> Floats:
    """As `fitted`, but for a number that would count in the wrong direction: it does not count at all."""
    counted = np.ones(rows.shape[1], np.bool_)
    while True:
        weights = np.zeros(rows.shape[1])
        weights[counted] = fitted(rows[:, counted], labels, shares)
        wrong = weights * _SIGNS < 0
        if not wrong.any():
            return weights
        counted &= ~wrong


def _features(ranking: Ranking, form: Form, sample: _Sample, drafts: Sequence[Lines]) -> Floats:
    """The features of a sample, beside poems of `drafts` that were served before: not those of the same request."""
    random = np.random.default_rng(1)
    halves = [drafts[: len(drafts) // 2], drafts[len(drafts) // 2 :]]
    served = [pairs_of(half[place] for place in random.permutation(len(half))[:_RECENT]) for half in halves]
    middle = len(sample.poems) // 2
    return np.vstack(
        [
            ranking.features(form, sample.poems[part], sample.likelihoods[part], recent)
            for part, recent in zip((slice(0, middle), slice(middle, None)), reversed(served), strict=True)
        ]
    )


def _title_weight(titles: Association, corpus: PreparedCorpus) -> float:
    """What a title's score is worth: fitted on validation poems with their own title and with another's."""
    titled = [int(poem) for poem in corpus.select(VALIDATION) if corpus.titles[int(poem)]]
    if len(titled) < 2:
        return 1.0
    left = titles.of_lefts([corpus.titles[poem] for poem in titled])
    right = titles.of_rights([corpus.text(poem) for poem in titled])
    ahead = ((left - np.roll(left, 1, axis=0)) * right).sum(axis=1, dtype=np.float64)
    labels = np.repeat([1.0, 0.0], len(ahead))
    return float(fitted(np.concatenate((ahead, -ahead))[:, None], labels, np.ones(len(labels)))[0])


def fitted(rows: Floats, labels: Floats, shares: Floats) -> Floats:
    """The weights of a logistic regression with a little ridge, by Newton's method; the intercept is left out.

    `rows`: [N, F], `labels`: [N] of 0 and 1, `shares`: [N], how much each row counts.
    """
    mean, spread = rows.mean(axis=0), rows.std(axis=0)
    spread = np.where(spread > 0, spread, 1)
    inputs = np.column_stack(((rows - mean) / spread, np.ones(len(rows))))
    shares = shares / shares.sum()
    weights = np.zeros(inputs.shape[1])
    for _ in range(_NEWTON_STEPS):
        chances = 1 / (1 + np.exp(-inputs @ weights))
        gradient = inputs.T @ (shares * (chances - labels)) + _RIDGE * weights
        curvature = (inputs * (shares * chances * (1 - chances))[:, None]).T @ inputs
        step = np.linalg.solve(curvature + _RIDGE * np.eye(len(weights)), gradient)
        weights -= step
        if np.abs(step).max() < 1e-6:
            break
    learned: Floats = weights[:-1] / spread
    return learned
