"""Variety: distinct-n within a file, self-BLEU within a title and across titles."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from poetcore.evaluation.scoreboard.verses import Verse, spread

DISTINCT_POEMS: Final = 4_000
"""Distinct-n falls as a file grows; of a larger one so many poems are looked at, evenly spread."""
BLEU_POEMS: Final = 1_000
"""Poems of a file whose self-BLEU is averaged."""
REFERENCES: Final = 3
"""What a poem is compared with at most. More references raise BLEU: both kinds have the same number."""

_LONGEST: Final = 2


def distinct_figures(verses: Sequence[Verse]) -> dict[str, Any]:
    """distinct-n (Li et al. 2016): different n-grams of hanzi over all of them, none across a line's end."""
    chosen = spread(verses, DISTINCT_POEMS)
    figures: dict[str, Any] = {"distinct_poems": len(chosen)}
    for length in (1, 2):
        grams = [gram for verse in chosen for line in verse.hanzi_lines for gram in _grams(line, length)]
        figures[f"distinct_{length}"] = len(set(grams)) / len(grams) if grams else None
    return figures


def self_bleu(verses: Sequence[Verse], seed: int = 1) -> tuple[float | None, float | None]:
    """Mean self-BLEU (Zhu et al. 2018) within titles and across them; None where no poem has another to compare.

    A poem's references are up to `REFERENCES` others of its form (or as formless) drawn by `seed`: within, of the same
    title; across, of other titles, poems without a title each being one of its own. Characters, n-grams up to 2: a
    poem of 20 has too few of longer ones.
    """
    random = np.random.default_rng(seed)
    groups: dict[tuple[str | None, int | str], list[int]] = defaultdict(list)
    forms: dict[str | None, list[int]] = defaultdict(list)
    keys = [_key(verse, number) for number, verse in enumerate(verses)]
    for number, key in enumerate(keys):
        groups[key].append(number)
        forms[key[0]].append(number)
    within, across = [], []
    chosen = sorted(random.permutation(len(verses))[:BLEU_POEMS].tolist())
    for number in chosen:
        form, _ = keys[number]
        same = [other for other in groups[keys[number]] if other != number]
        references = _drawn(same, REFERENCES, random)
        if references:
            within.append(_bleu_of(verses, number, references))
        wanted = len(references) or REFERENCES
        # A few too many are drawn, for some may share the title.
        others = _drawn(forms[form], wanted + len(same) + 1, random)
        others = [other for other in others if keys[other] != keys[number]][:wanted]
        if others:
            across.append(_bleu_of(verses, number, others))
    return _mean(within), _mean(across)


def bleu(candidate: str, references: Sequence[str]) -> float:
    """BLEU of characters with n-grams up to 2 (Papineni et al. 2002), one added to bigram counts (Lin & Och 2004)."""
    if not candidate:
        return 0.0
    logs = 0.0
    for length in range(1, _LONGEST + 1):
        counts = Counter(_grams(candidate, length))
        most: Counter[str] = Counter()
        for reference in references:
            most |= Counter(_grams(reference, length))
        added = length - 1
        kept = (counts & most).total() + added
        if not kept:
            return 0.0
        logs += math.log(kept / (counts.total() + added)) / _LONGEST
    nearest = min((len(reference) for reference in references), key=lambda n: (abs(n - len(candidate)), n))
    return math.exp(logs + min(0.0, 1 - nearest / len(candidate)))


def _key(verse: Verse, number: int) -> tuple[str | None, int | str]:
    return (verse.form.name if verse.form else None, verse.title or number)


def _drawn(numbers: Sequence[int], count: int, random: np.random.Generator) -> list[int]:
    return [numbers[place] for place in random.permutation(len(numbers))[:count].tolist()]


def _bleu_of(verses: Sequence[Verse], number: int, references: Sequence[int]) -> float:
    return bleu(verses[number].hanzi, [verses[other].hanzi for other in references])


def _grams(text: str, length: int) -> Iterator[str]:
    return (text[place : place + length] for place in range(len(text) - length + 1))


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
