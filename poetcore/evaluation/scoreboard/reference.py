"""Real poems to stand beside the given ones: held-out ones, of the same forms in the same numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from poetcore.corpus import TEST, TRAIN, VALIDATION, PreparedCorpus
from poetcore.evaluation.scoreboard.verses import Verse, by_form
from poetcore.prosody import form_of


@dataclass(frozen=True)
class Pair:
    """As many verses of each form on one side as on the other."""

    generated: list[Verse]
    real: list[Verse]

    def __len__(self) -> int:
        """Verses of one side."""
        return len(self.generated)


def held_out(
    corpus: PreparedCorpus, collections: tuple[str, ...] | None = None, training_too: bool = False
) -> list[Verse]:
    """The regulated poems of the test split, then of validation, each in an order drawn once.

    `training_too`: those of the training split follow, where there are not enough others to learn from.
    """
    random = np.random.default_rng(1)
    verses = []
    for split in (TEST, VALIDATION, *([TRAIN] if training_too else [])):
        for poem in random.permutation(corpus.select(split, collections)).tolist():
            text = corpus.text(poem)
            if form_of(text) is not None:
                verses.append(Verse.of(text, corpus.titles[poem] or None))
    return verses


def paired(given: Sequence[Verse], pool: Sequence[Verse], most: int, seed: int = 1) -> Pair:
    """About `most` of `given` or fewer, drawn by `seed`, and as many of each form of `pool`, the first ones.

    What has none of the four forms is left out, and poems of `pool` that are among the given ones.
    """
    texts = {verse.hanzi for verse in given}
    real = by_form(verse for verse in pool if verse.hanzi not in texts)
    groups = by_form(given[number] for number in np.random.default_rng(seed).permutation(len(given)).tolist())
    total = sum(map(len, groups.values()))
    generated: list[Verse] = []
    beside: list[Verse] = []
    for name, verses in groups.items():
        count = min(len(verses), len(real.get(name, ())), -(-most * len(verses) // total))
        generated += verses[:count]
        beside += real.get(name, [])[:count]
    return Pair(generated, beside)


def divided(pair: Pair, tested: int) -> tuple[Pair, Pair]:
    """`pair` in two: to learn from, and `tested` a side to test on, form by form, the pool's first poems."""
    real, generated = by_form(pair.real), by_form(pair.generated)
    sides: tuple[Pair, Pair] = Pair([], []), Pair([], [])
    for name, verses in real.items():
        count = round(tested * len(verses) / max(1, len(pair)))
        for part, side in zip((slice(count, None), slice(0, count)), sides, strict=True):
            side.real.extend(verses[part])
            side.generated.extend(generated[name][part])
    return sides
