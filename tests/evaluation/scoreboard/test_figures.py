"""What can be told of a file by itself: rules, repetitions, variety; of any text at all."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poetcore.evaluation.scoreboard.board import Means, figures_of
from poetcore.evaluation.scoreboard.metre import metre_figures, repetition_figures
from poetcore.evaluation.scoreboard.variety import bleu, distinct_figures, self_bleu
from poetcore.evaluation.scoreboard.verses import Verse

GOOD = "白日依山盡，黃河入海流。欲窮千里目，更上一層樓。"
UNRHYMED = "白日依山盡，黃河入海山。欲窮千里目，更上一層樓。"
SIMPLIFIED = "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。"


def test_the_rules_are_those_of_scan() -> None:
    verses = [Verse.of(text) for text in (GOOD, UNRHYMED, "月明。", "")]
    assert metre_figures(verses) == {
        "format_ok": 0.5,
        "tone_ok": 0.5,
        "rhyme_ok": 0.25,
        "all_three": 0.25,
        "strict": {"tone_ok": 0.5, "rhyme_ok": 0.25, "all_three": 0.25},
    }


def test_a_simplified_poem_is_measured_in_traditional_script() -> None:
    verse = Verse.of(SIMPLIFIED)
    assert verse.simplified
    assert verse.hanzi_lines[0] == "白日依山盡"
    assert metre_figures([verse])["all_three"] == 1.0


@pytest.mark.parametrize(
    ("text", "title", "shown"),
    [
        (SIMPLIFIED, "登鹳雀楼", "登鸛雀樓"),
        (SIMPLIFIED, "里", "裏"),
        (GOOD, "登鹳雀楼", "登鸛雀樓"),
        (GOOD, "登鸛雀樓", "登鸛雀樓"),
        (GOOD, "里", "里"),
        (SIMPLIFIED, None, None),
    ],
)
def test_a_title_is_measured_in_traditional_script_too(text: str, title: str | None, shown: str | None) -> None:
    assert Verse.of(text, title).title == shown


@pytest.mark.parametrize(
    ("text", "hanzi"), [("青青河畔草", 0), ("月月月", 0), ("月明月", 1), ("月明，明月", 2), ("月明。月，月", 2)]
)
def test_a_hanzi_that_comes_again_counts_unless_it_follows_itself_in_its_line(text: str, hanzi: int) -> None:
    verse = Verse.of(text)
    figures = repetition_figures([verse])
    assert figures["repeated_hanzi"] == hanzi / len(verse.hanzi)
    assert figures["repeating_poems"] == (1.0 if hanzi else 0.0)


def test_distinct_n_does_not_look_across_lines() -> None:
    figures = distinct_figures([Verse.of("月明月，明月")])
    assert figures == {"distinct_poems": 1, "distinct_1": 2 / 5, "distinct_2": 2 / 3}


def test_bleu_of_the_same_of_half_and_of_nothing() -> None:
    assert bleu("月明星稀", ["月明星稀"]) == pytest.approx(1.0)
    assert bleu("月明星稀", ["山高水長"]) == 0.0
    # Two of four characters; one of three bigrams, one added to both counts.
    assert bleu("月明星稀", ["月明水長"]) == pytest.approx((2 / 4 * 2 / 4) ** 0.5)


def test_self_bleu_tells_titles_apart() -> None:
    same, other = "白日依山盡，黃河入海流。欲窮千里目，更上一層樓。", "春眠不覺曉，處處聞啼鳥。夜來風雨聲，花落知多少。"
    verses = [Verse.of(same, "樓"), Verse.of(same, "樓"), Verse.of(other, "春"), Verse.of(other, "春")]
    within, across = self_bleu(verses)
    assert within == pytest.approx(1.0)
    assert across == pytest.approx(bleu(verses[0].hanzi, [verses[2].hanzi]), abs=0.05)


def test_without_titles_nothing_is_within_one() -> None:
    assert self_bleu([Verse.of(GOOD), Verse.of(UNRHYMED)])[0] is None


def test_what_needs_more_than_the_file_is_null_with_a_reason() -> None:
    figures = figures_of([Verse.of(GOOD, "樓")], Means())
    null = {key for key, value in figures.items() if value is None}
    assert null == set(figures["reasons"])
    assert {"copied_lines", "title_relevance", "ngram_auc", "neural_auc", "judge_bits_per_hanzi"} <= null
    assert "--data" in figures["reasons"]["copied_lines"]
    assert "--reference" in figures["reasons"]["ngram_auc"]
    assert (figures["poems"], figures["hanzi"], figures["forms"]) == (1, 20, {"五絕": 1})


ANY = st.one_of(
    st.text(max_size=30),
    st.text(alphabet="白日依山盡黃河入海流层楼尽，。！？；、：「」—…·\u3000\u200b\u0301 \n\ud800a1🌙𠀀", max_size=60),
)


@given(st.lists(st.tuples(ANY, st.none() | ANY), min_size=1, max_size=5))
@settings(deadline=None)
def test_any_text_has_figures(poems: list[tuple[str, str | None]]) -> None:
    verses = [Verse.of(text, title) for text, title in poems]
    figures = figures_of(verses, Means(reference=[Verse.of(GOOD)]))
    assert figures["poems"] == len(poems)
    assert 0 <= figures["format_ok"] <= 1
