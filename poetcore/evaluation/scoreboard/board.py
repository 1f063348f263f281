"""All figures of one file, in the order in which they are printed. What cannot be told is null; `reasons` says why."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from poetcore.association import Association
from poetcore.corpus import PreparedCorpus
from poetcore.errors import PackageError
from poetcore.evaluation.bits import measure
from poetcore.evaluation.scoreboard.auc import Area
from poetcore.evaluation.scoreboard.copying import copying_figures, corpus_run
from poetcore.evaluation.scoreboard.metre import metre_figures, repetition_figures
from poetcore.evaluation.scoreboard.ngrams import FOLDS, ngram_auc
from poetcore.evaluation.scoreboard.reference import Pair, divided, held_out, paired
from poetcore.evaluation.scoreboard.titles import title_relevance
from poetcore.evaluation.scoreboard.variety import REFERENCES, distinct_figures, self_bleu
from poetcore.evaluation.scoreboard.verses import Verse, by_form
from poetcore.generation import Poet
from poetcore.training.association import learn_association

NGRAM_POEMS: Final = 1_500
"""A side, at most."""
NEURAL_POEMS: Final = 20_000
"""To learn from, a side, at most."""
NEURAL_TESTED: Final = 1_500
"""To test on, a side, at most; never more than a quarter."""
_FEWEST_NGRAM: Final = 4 * FOLDS
_FEWEST_NEURAL: Final = 200
_MANY: Final = 2_000
"""More poems than that may need real ones of the training split beside them, to learn from."""

_NO_DATA: Final = "needs the corpus: give --data (made by poet prepare)"
_NO_REAL: Final = "needs real poems: give --data (made by poet prepare) or --reference"
_NO_TORCH: Final = "needs torch: in a checkout, make train-setup (or pip install -c constraints.txt '.[train]')"
_COPYING: Final = ("lines", "copied_lines", "copied_line_share", "longest_copied_run", "mean_copied_run")


@dataclass(frozen=True)
class Means:
    """What the poems are compared with; None: what needs it is null."""

    corpus: PreparedCorpus | None = None
    collections: tuple[str, ...] | None = None
    """Collections that real poems are taken from; None: all."""
    reference: Sequence[Verse] | None = None
    """Real poems in place of the corpus's held-out ones."""
    judge: Poet | None = None
    """Measures bits per hanzi; trained apart from whatever wrote the poems."""
    cache: Path | None = None
    """Folder for what was learned: a second run takes it from there, one that was cut off goes on."""
    neural: bool = True
    from_corpus: bool = False
    """The given poems stand in the corpus: copied is what another poem has too."""


Say = Callable[[str], None]


def figures_of(verses: Sequence[Verse], means: Means, say: Say = lambda _line: None) -> dict[str, Any]:
    """Every figure of `verses` (at least one). `say` hears what takes long."""
    board = _Board(verses, means, say)
    return {
        **board.counts(),
        **metre_figures(verses),
        "by_form": {name: {"poems": len(v), **metre_figures(v)} for name, v in by_form(verses).items()},
        **repetition_figures(verses),
        **distinct_figures(verses),
        **board.self_bleu(),
        **board.copying(),
        **board.titles(),
        **board.two_samples(),
        **board.judged(),
        "reasons": board.reasons,
    }


class _Board:
    """The figures that may be null."""

    def __init__(self, verses: Sequence[Verse], means: Means, say: Say) -> None:
        self.reasons: dict[str, str] = {}
        self._verses, self._means, self._say = verses, means, say

    def counts(self) -> dict[str, Any]:
        forms = by_form(self._verses)
        return {
            "poems": len(self._verses),
            "hanzi": sum(len(verse.hanzi) for verse in self._verses),
            "forms": {name: len(verses) for name, verses in forms.items()},
            "simplified_poems": sum(verse.simplified for verse in self._verses),
        }

    def self_bleu(self) -> dict[str, Any]:
        within, across = self_bleu(self._verses)
        figures = {"self_bleu_references": REFERENCES, "self_bleu_within_titles": within}
        if within is None:
            self.reasons["self_bleu_within_titles"] = "no two poems of one form share a title"
        if across is None:
            self.reasons["self_bleu_across_titles"] = "no two poems of one form have different titles"
        return figures | {"self_bleu_across_titles": across}

    def copying(self) -> dict[str, Any]:
        if self._means.corpus is None:
            return self._null(_COPYING, _NO_DATA)
        self._say("looking for copied lines")
        return copying_figures(self._verses, corpus_run(self._means.corpus), self._means.from_corpus)

    def titles(self) -> dict[str, Any]:
        names = ("title_relevance", "titled_poems", "title_relevance_of_real")
        if self._means.corpus is None:
            return self._null(names, _NO_DATA)
        if not any(verse.title and verse.hanzi for verse in self._verses):
            return self._null(names, "no poem has a title and hanzi")
        association = self._association(self._means.corpus)
        texts = {verse.hanzi for verse in self._verses}
        real = [verse for verse in held_out(self._means.corpus) if verse.title and verse.hanzi not in texts]
        others = [verse.title for verse in real if verse.title]
        if association is None or len(others) < _FEWEST_NGRAM:
            return self._null(names, "the corpus has too few poems with titles")
        share, count = title_relevance(self._verses, others, association)
        beside = paired([verse for verse in self._verses if verse.title], real, NGRAM_POEMS)
        real_share = title_relevance(beside.real, others, association)[0] if len(beside) else None
        if real_share is None:
            self.reasons["title_relevance_of_real"] = "no titled poem has one of the four forms"
        return {"title_relevance": share, "titled_poems": count, "title_relevance_of_real": real_share}

    def two_samples(self) -> dict[str, Any]:
        ngram = ("ngram_auc", "ngram_auc_error", "ngram_poems")
        neural = ("neural_auc", "neural_auc_error", "neural_learned_poems", "neural_tested_poems")
        if self._means.corpus is None and self._means.reference is None:
            return self._null(ngram, _NO_REAL) | self._null(neural, _NO_REAL)
        pair = paired(self._verses, self._real(training_too=False), NGRAM_POEMS)
        if len(pair) < _FEWEST_NGRAM:
            figures = self._null(ngram, self._too_few(pair, _FEWEST_NGRAM))
        else:
            self._say(f"telling {len(pair):,} poems a side apart by their n-grams")
            figures = _as_figures("ngram", ngram_auc(pair.generated, pair.real)) | {"ngram_poems": len(pair)}
        return figures | self._neural(neural)

    def judged(self) -> dict[str, Any]:
        names = ("judge_bits_per_hanzi", "judge")
        texts = [verse.text_in_traditional for verse in self._verses if verse.hanzi]
        if self._means.judge is None or not texts:
            reason = "no poem has hanzi" if not texts else "needs a model trained apart from the poet: give --judge"
            return self._null(names, reason)
        judge = self._means.judge
        bits = measure(judge.engine, judge.vocabulary, texts).bits_per_hanzi
        return {"judge_bits_per_hanzi": bits, "judge": judge.version}

    def _neural(self, names: tuple[str, ...]) -> dict[str, Any]:
        if not self._means.neural:
            return self._null(names, "left out by --no-neural")
        if find_spec("torch") is None:
            return self._null(names, _NO_TORCH)
        pair = paired(self._verses, self._real(len(self._verses) > _MANY), NEURAL_POEMS + NEURAL_TESTED)
        if len(pair) < _FEWEST_NEURAL:
            return self._null(names, self._too_few(pair, _FEWEST_NEURAL))
        from poetcore.evaluation.scoreboard.discriminator import neural_auc

        learned, tested = divided(pair, min(NEURAL_TESTED, len(pair) // 4))
        self._say(f"a reader learns from {len(learned):,} poems a side, {len(tested):,} are to be told apart")
        area = neural_auc(
            learned, tested, self._means.cache, lambda done, all_: self._say(f"epoch {done} of {all_} is done")
        )
        return _as_figures("neural", area) | dict(zip(names[2:], (len(learned), len(tested)), strict=True))

    def _real(self, training_too: bool) -> Sequence[Verse]:
        if self._means.reference is not None:
            return self._means.reference
        assert self._means.corpus is not None  # noqa: S101 (the caller asked)
        return held_out(self._means.corpus, self._means.collections, training_too)

    def _association(self, corpus: PreparedCorpus) -> Association | None:
        """Learned from one half of the training poems: ranking has the other half."""
        path = (
            None if self._means.cache is None else self._means.cache / f"titles-{corpus.fingerprint[:16]}.safetensors"
        )
        if path is not None and path.is_file():
            try:
                return Association.load(path)
            except PackageError:
                self._say(f"{path} cannot be read and is made anew")
        self._say("learning which characters of titles and poems go together, about a minute")
        association = learn_association(corpus, half=0)
        if association is not None and path is not None:
            association.save(path)
            return Association.load(path)
        return association

    def _null(self, names: Sequence[str], reason: str) -> dict[str, Any]:
        self.reasons |= dict.fromkeys(names, reason)
        return dict.fromkeys(names)

    @staticmethod
    def _too_few(pair: Pair, fewest: int) -> str:
        return f"{len(pair)} poems a side have one of the four forms; {fewest} are the fewest that can be told apart"


def _as_figures(kind: str, area: Area) -> dict[str, Any]:
    return {f"{kind}_auc": area.auc, f"{kind}_auc_error": area.error}
