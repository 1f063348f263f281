"""Cleaning: what goes, what stays, and what is counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poetcore.corpus.cleaning import CleaningReport, clean, normalised
from poetcore.prosody.text import MARKS, is_hanzi, lines_of

POEM = "春山多勝事，賞翫夜忘歸。掬水月在手，弄花香滿衣。"


@pytest.mark.parametrize(
    ("dirty", "cleaned", "changes"),
    [
        (POEM, POEM, {}),
        ("春山多勝事（一作「景」），賞翫夜忘歸。掬水月在手，弄花香滿衣。", POEM, {"note": 1}),
        ("春山多勝事，賞翫夜忘歸[二]。掬水月在手〔注〕，弄花香滿衣〖1〗。", POEM, {"note": 1}),
        ("春山多勝事，賞翫夜忘歸。（甲〖乙（丙）〗丁）掬水月在手，弄花香滿衣。（某書卷三）。", POEM, {"note": 1}),
        ("[春]山多勝事，賞翫夜忘歸。掬水月在手，[弄花]香滿衣。", POEM, {"restored_character": 1}),
        ("春山多{一作好}勝事，賞翫夜忘歸。掬水月在手，弄花香滿衣。", POEM, {"note": 1}),
        ("「春山」多勝事，賞翫《夜忘歸》。掬水月在手，弄『花』香滿衣。", POEM, {"quotation": 1}),
        ("春山12多勝事，賞翫３夜忘歸。掬水月在手，弄花香滿衣。", POEM, {"digits": 1}),
        ("春山多勝事, 賞翫夜忘歸.\n掬水月在手, 弄花香滿衣.", POEM, {"half_width": 1}),
    ],
)
def test_a_usable_poem_is_tidied_and_the_change_counted(dirty: str, cleaned: str, changes: dict[str, int]) -> None:
    report = CleaningReport()
    assert clean(dirty, report) == cleaned
    assert report.changed == changes
    assert report.dropped == {}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("。", "empty"),
        ("（題擬）。", "empty"),
        ("春山多□事，賞翫夜忘歸。掬水月在手，弄花香滿衣。", "missing_character"),
        ("春山多○事，賞翫●忘歸。掬水月在手，弄花香滿衣。", "missing_character"),
        ("春山多[□]事，賞翫夜忘歸。掬水月在手，弄花香滿衣。", "missing_character"),
        ("疲{艹/尔}竟何人，賞翫夜忘歸。掬水月在手，弄花香滿衣。", "missing_character"),
        ("玉座煙霞春寂寂，石壇星斗夜蒼蒼。", "fragment"),
        ("春山多勝事，賞翫夜忘歸。掬水月在手，弄花香滿", "fragment"),
        ("詩題：竹枝詞首句：自過鬼門關外天，一，二，三。", "fragment"),
        ("Ｂ春山多勝事，賞翫夜忘歸。掬水月在手，弄花香滿衣。", "foreign_text"),
        ("春山多勝事（一作景，賞翫夜忘歸。掬水月在手，弄花香滿衣。", "unbalanced_brackets"),
        ("春山多勝事，賞翫夜忘歸。掬水月在手，弄花香滿衣〕。", "unbalanced_brackets"),
    ],
)
def test_an_unusable_poem_is_dropped_for_one_reason(text: str, reason: str) -> None:
    report = CleaningReport()
    assert clean(text, report) is None
    assert report.dropped == {reason: 1}
    assert report.changed == {}


@given(st.text(alphabet="月山水花，。！？「」（）[]{}〖〗□1 a《》一作\n", max_size=60))
def test_what_comes_out_is_clean_and_cleaning_it_again_changes_nothing(text: str) -> None:
    cleaned = clean(text, CleaningReport())
    if cleaned is not None:
        assert all(is_hanzi(char) or char in MARKS for char in cleaned)
        assert len(lines_of(cleaned)) >= 4
        again = CleaningReport()
        assert clean(cleaned, again) == cleaned
        assert again.changed == {}


def test_lines_and_normalised_text_have_no_punctuation() -> None:
    assert lines_of(POEM)[:2] == ("春山多勝事", "賞翫夜忘歸")
    assert normalised("月、月！") == "月月"
