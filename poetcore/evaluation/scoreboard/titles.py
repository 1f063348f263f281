"""Title relevance: does a model of which characters go together find a poem's own title among ten?"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from poetcore.association import Association
from poetcore.evaluation.scoreboard.verses import Verse, spread

CHOICES: Final = 10
"""The right title and nine others: chance is 10%."""
POEMS: Final = 4_000
"""Poems of a file that are looked at, at most."""


def title_relevance(verses: Sequence[Verse], others: Sequence[str], association: Association) -> tuple[float, int]:
    """The share of `verses` whose own title scores highest, and of how many.

    The nine wrong titles are drawn from `others`, real titles, by a generator that starts from the poem's number: no
    other poem's text or score has a part in it. A tie counts as wrong; poems without a title are left out.
    """
    titled = spread([verse for verse in verses if verse.title and verse.hanzi], POEMS)
    if not titled or not others:
        return 0.0, 0
    right = [_found(verse, number, others, association) for number, verse in enumerate(titled)]
    return sum(right) / len(right), len(right)


def _found(verse: Verse, number: int, others: Sequence[str], association: Association) -> bool:
    own = verse.title or ""
    random = np.random.default_rng((1, number))
    drawn = [others[place] for place in random.permutation(len(others))[: 2 * CHOICES]]
    wrong = list(dict.fromkeys(title for title in drawn if title != own))[: CHOICES - 1]
    scores = association.of_lefts([own, *wrong]) @ association.of_rights([verse.hanzi])[0]
    return bool(scores[0] > scores[1:].max(initial=-np.inf))
