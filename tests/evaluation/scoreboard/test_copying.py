"""Copied lines and runs, against a slow search of every poem's text."""

import numpy as np
import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from poetcore.corpus import PreparedCorpus
from poetcore.evaluation.scoreboard.copying import Run, copying_figures, corpus_run, longest_runs, verses_run
from poetcore.evaluation.scoreboard.verses import Verse
from poetcore.script import to_traditional

HANZI = [char for char in map(chr, range(0x5000, 0x6000)) if to_traditional(char) == char]


def test_lines_and_runs_taken_from_the_corpus_are_found(corpus: PreparedCorpus) -> None:
    poem = Verse.of(corpus.text(17))
    first, second, third, _ = poem.hanzi_lines
    given = [
        Verse.of(f"龜龜龜龜龜，{first}。{second}，龜龜龜龜龜。"),
        Verse.of(f"龜{third[1:]}，龜龜龜龜龜。"),
        Verse.of("龜龜龜龜龜，龜龜龜龜龜。"),
    ]
    figures = copying_figures(given, corpus_run(corpus))
    assert (figures["lines"], figures["copied_lines"], figures["longest_copied_run"]) == (8, 2, 10)
    assert figures["mean_copied_run"] == pytest.approx((10 + 4 + 0) / 3)


def test_a_poem_of_the_corpus_itself_is_copied_only_where_another_has_it(corpus: PreparedCorpus) -> None:
    given = [Verse.of(corpus.text(17))]
    run = corpus_run(corpus)
    assert copying_figures(given, run)["copied_lines"] == 4
    assert copying_figures(given, run)["longest_copied_run"] == 20
    figures = copying_figures(given, run, from_corpus=True)
    assert figures["copied_lines"] == 0
    assert figures["longest_copied_run"] < 5


def test_runs_equal_those_of_a_search_through_all_texts(corpus: PreparedCorpus) -> None:
    random = np.random.default_rng(3)
    texts = ["".join(HANZI[int(code)] for code in random.integers(20, size=20)) for _ in range(10)]
    verses = [Verse.of(text) for text in texts]
    everything = "\n".join(Verse.of(corpus.text(poem)).hanzi for poem in range(len(corpus.splits)))
    slow = [
        max(
            (
                length
                for length in range(1, 21)
                for start in range(21 - length)
                if text[start : start + length] in everything
            ),
            default=0,
        )
        for text in texts
    ]
    found = longest_runs(verses_run(verses), corpus_run(corpus), 1, len(verses)).tolist()
    assert found == slow
    assert max(slow) >= 2


POEMS = st.lists(st.text("天地玄黃", max_size=30), min_size=1, max_size=4)


@examples(POEMS, POEMS, st.sampled_from((1, 2)))
def test_the_longest_run_is_found_whatever_its_length(given: list[str], corpus: list[str], needed: int) -> None:
    slow = [
        next(
            length
            for length in range(len(text), -1, -1)
            for start in range(len(text) - length + 1)
            if not length or sum(text[start : start + length] in other for other in corpus) >= needed
        )
        for text in given
    ]
    runs = [verses_run([Verse.of(text) for text in texts]) for texts in (given, corpus)]
    assert longest_runs(runs[0], runs[1], needed, len(given)).tolist() == slow


def test_a_long_copy_takes_few_passes_over_the_corpus(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "".join(HANZI[code] for code in np.random.default_rng(4).integers(len(HANZI), size=1_600))
    given, corpus = verses_run([Verse.of(text), Verse.of(text[:700] + "月" + text[700:])]), verses_run([Verse.of(text)])
    passes: list[int] = []
    windows = Run.windows

    def counted(run: Run, length: int) -> object:
        passes.extend([length] * (run is corpus))
        return windows(run, length)

    monkeypatch.setattr(Run, "windows", counted)
    assert longest_runs(given, corpus, 1, 2).tolist() == [1_600, 900]
    # 1, 2, 4, … 1,024, and two searches between powers of two.
    assert len(passes) < 32


def test_poems_without_hanzi_copy_nothing(corpus: PreparedCorpus) -> None:
    figures = copying_figures([Verse.of("moon"), Verse.of("")], corpus_run(corpus))
    assert (figures["lines"], figures["copied_lines"], figures["copied_line_share"]) == (0, 0, None)
    assert figures["longest_copied_run"] == 0
