"""Two poets measured by one yardstick: held-out poems, free samples, copied lines, time a poem."""

import hashlib
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Final

import poetcore.evaluation.scoreboard
import poetcore.generation
import poetcore.prosody
from bot.poets.following import smoke_test
from bot.poets.gate import Figures
from bot.worker.contracts import Advance, Examination
from poetcore.corpus import VALIDATION, PreparedCorpus, evenly_spread
from poetcore.evaluation.bits import measure
from poetcore.evaluation.scoreboard.copying import copying_figures, corpus_run
from poetcore.evaluation.scoreboard.metre import metre_figures
from poetcore.evaluation.scoreboard.variety import distinct_figures
from poetcore.evaluation.scoreboard.verses import Verse
from poetcore.files import sha256_of
from poetcore.generation import ComposeRequest, Poet
from poetcore.prosody import FORMS

# What the paired poems of a report begin with, so that they can be laid side by side.
_BEGINNINGS: Final = ("月", "山", "春", "秋", "江", "風", "雪", "酒", "夜", "客")
_AT_ONCE: Final = 100

# Of these packages each has a say in a figure: what is written, by which rules, and how it is counted.
_MEASURING: Final = (poetcore.generation, poetcore.prosody, poetcore.evaluation.scoreboard)
_SOURCES: Final = frozenset({".py", ".c", ".json", ".tsv"})


@dataclass(frozen=True)
class ScoreboardExaminer:
    """An `Examiner` on a prepared corpus."""

    data: Path
    held_out: int = 1_500
    """Poems of the validation split, evenly spread."""
    samples: int = 200
    """Poems that each poet writes, an equal share of each form."""

    def examine(self, before: Path, after: Path, tell: Callable[[Advance], None]) -> Examination:
        """As `Examiner.examine` says."""
        poets = Poet.load(before), Poet.load(after)
        smoke_test(poets[1])
        corpus = PreparedCorpus.load(self.data)
        texts = _held_out(corpus, self.held_out)
        count = _Count(tell, 2 * _parts(texts) + self.samples + len(_BEGINNINGS))
        bits = [_bits(package, texts, count) for package in (before, after)]
        figures = self._figures(poets, bits, corpus, count)
        return Examination(figures[0], figures[1], tuple(_pairs(poets, count)))

    @property
    def yardstick(self) -> str:
        """As `Examiner.yardstick` says."""
        return f"{PreparedCorpus.load(self.data).fingerprint} {self.held_out} {self.samples} {program()}"

    def measure(self, package: Path, tell: Callable[[Advance], None]) -> Figures:
        """As `Examiner.measure` says."""
        poet, corpus = Poet.load(package), PreparedCorpus.load(self.data)
        texts = _held_out(corpus, self.held_out)
        count = _Count(tell, _parts(texts) + self.samples)
        return self._figures([poet], [_bits(package, texts, count)], corpus, count)[0]

    def _figures(
        self, poets: Sequence[Poet], bits: Sequence[float], corpus: PreparedCorpus, count: "_Count"
    ) -> list[Figures]:
        poems, seconds = self._sample(poets, count)
        run = corpus_run(corpus)
        figures = []
        for side in range(len(poets)):
            verses = [Verse.of(text) for text in poems[side]]
            metre = metre_figures(verses)
            figures.append(
                Figures(
                    bits_per_hanzi=bits[side],
                    format_share=metre["format_ok"],
                    rhyme_share=metre["rhyme_ok"],
                    tone_share=metre["tone_ok"],
                    distinct_2=distinct_figures(verses)["distinct_2"] or 0.0,
                    copied_share=copying_figures(verses, run)["copied_line_share"] or 0.0,
                    compose_ms=statistics.median(seconds[side]) * 1_000,
                )
            )
        return figures

    def _sample(self, poets: Sequence[Poet], count: "_Count") -> tuple[list[list[str]], list[list[float]]]:
        """Poems of all to the same requests, in turn, so that a busy quarter of a minute slows all."""
        forms = list(FORMS.values())
        poems: list[list[str]] = [[] for _ in poets]
        seconds: list[list[float]] = [[] for _ in poets]
        for number in range(self.samples):
            request = ComposeRequest(form=forms[number % len(forms)], seed=number)
            for side, poet in enumerate(poets):
                begun = time.perf_counter()
                poems[side].append(poet.compose(request).traditional)
                seconds[side].append(time.perf_counter() - begun)
            count.one()
        return poems, seconds


@cache
def program() -> str:
    """The version of Yuexia, and a digest of what composes and measures: a checkout changes without its version."""
    return f"{version('yuexia')} {digest_of_sources(_MEASURING)[:16]}"


def digest_of_sources(packages: Iterable[ModuleType]) -> str:
    """SHA-256 of the files of programs and of their tables in some packages; what was compiled of them is left out."""
    digest = hashlib.sha256()
    for package in packages:
        for folder in map(Path, package.__path__):
            files = (path for path in folder.rglob("*") if path.suffix in _SOURCES)
            for path in sorted(files):
                name = path.relative_to(folder).as_posix()
                digest.update(f"{package.__name__}/{name} {sha256_of(path)}\n".encode())
    return digest.hexdigest()


class _Count:
    """Tells how many parts of the work are done."""

    def __init__(self, tell: Callable[[Advance], None], parts: int) -> None:
        self._tell = tell
        self._parts = parts
        self._done = 0

    def one(self) -> None:
        """One more is done."""
        self._done += 1
        self._tell(Advance(self._done, self._parts, None, None))


def _held_out(corpus: PreparedCorpus, most: int) -> list[str]:
    poems = corpus.select(VALIDATION, tuple(corpus.manifest["collections"]))
    return [corpus.text(int(poem)) for poem in poems[evenly_spread(len(poems), most)]]


def _parts(texts: list[str]) -> int:
    return -(-len(texts) // _AT_ONCE)


def _bits(package: Path, texts: list[str], count: "_Count") -> float:
    """Bits per hanzi in float32, as they are measured everywhere; 0 if there is no text."""
    poet = Poet.load(package, exact=True)
    total, hanzi = 0.0, 0
    for start in range(0, len(texts), _AT_ONCE):
        part = measure(poet.engine, poet.vocabulary, texts[start : start + _AT_ONCE])
        total += part.token_bits + part.spread_bits
        hanzi += part.hanzi
        count.one()
    return total / hanzi if hanzi else 0.0


def _pairs(poets: tuple[Poet, Poet], count: "_Count") -> Iterator[tuple[str, str]]:
    forms = list(FORMS.values())[:2]
    for number, beginning in enumerate(_BEGINNINGS):
        request = ComposeRequest(prefix=beginning, form=forms[number % 2], seed=number)
        yield poets[0].compose(request).traditional, poets[1].compose(request).traditional
        count.one()
