"""Cleaning: what goes, what stays, and what is counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poetcore.corpus.cleaning import CleaningReport, clean, normalised
from poetcore.prosody.text import MARKS, is_hanzi, lines_of

POEM = "春山雨後青，溪橋夜無聲。舉杯月到面，開花近人來。"


@pytest.mark.parametrize(
    ("dirty", "cleaned", "changes"),
    [
        (POEM, POEM, {}),
        ("春山雨後青（一作「景」），溪橋夜無聲。舉杯月到面，開花近人來。", POEM, {"note": 1}),
        ("春山雨後青，溪橋夜無聲[二]。舉杯月到面〔注〕，開花近人來〖1〗。", POEM, {"note": 1}),
        ("春山雨後青，溪橋夜無聲。（甲〖乙（丙）〗丁）舉杯月到面，開花近人來。（某書卷三）。", POEM, {"note": 1}),
        ("[春]山雨後青，溪橋夜無聲。舉杯月到面，[開花]近人來。", POEM, {"restored_character": 1}),
        ("春山雨{一作好}後青，溪橋夜無聲。舉杯月到面，開花近人來。", POEM, {"note": 1}),
        ("「春山」雨後青，溪橋《夜無聲》。舉杯月到面，開『花』近人來。", POEM, {"quotation": 1}),
        ("春山12雨後青，溪橋３夜無聲。舉杯月到面，開花近人來。", POEM, {"digits": 1}),
        ("春山雨後青, 溪橋夜無聲.\n舉杯月到面, 開花近人來.", POEM, {"half_width": 1}),
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
        ("春山雨□青，溪橋夜無聲。舉杯月到面，開花近人來。", "missing_character"),
        ("春山雨○青，溪橋●無聲。舉杯月到面，開花近人來。", "missing_character"),
        ("春山雨[□]青，溪橋夜無聲。舉杯月到面，開花近人來。", "missing_character"),
        ("春{艹/尔}雨後青，溪橋夜無聲。舉杯月到面，開花近人來。", "missing_character"),
        ("春山雨後青，溪橋夜無聲。", "fragment"),
        ("春山雨後青，溪橋夜無聲。舉杯月到面，開花近人", "fragment"),
        ("詩題：山中首句：春山，一，二，三。", "fragment"),
        ("Ｂ春山雨後青，溪橋夜無聲。舉杯月到面，開花近人來。", "foreign_text"),
        ("春山雨後青（一作景，溪橋夜無聲。舉杯月到面，開花近人來。", "unbalanced_brackets"),
        ("春山雨後青，溪橋夜無聲。舉杯月到面，開花近人來〕。", "unbalanced_brackets"),
    ],
)
def test_an_unusable_poem_is_dropped_for_one_reason(text: str, reason: str) -> None:
    report = CleaningReport()
    assert clean(text, report) is None
    assert report.dropped == {reason: 1}
    assert report.changed == {}


@given(st.text(alphabet="月山杯花，。！？「」（）[]{}〖〗□1 a《》一作\n", max_size=60))
def test_what_comes_out_is_clean_and_cleaning_it_again_changes_nothing(text: str) -> None:
    cleaned = clean(text, CleaningReport())
    if cleaned is not None:
        assert all(is_hanzi(char) or char in MARKS for char in cleaned)
        assert len(lines_of(cleaned)) >= 4
        again = CleaningReport()
        assert clean(cleaned, again) == cleaned
        assert again.changed == {}


def test_lines_and_normalised_text_have_no_punctuation() -> None:
    assert lines_of(POEM)[:2] == ("春山雨後青", "溪橋夜無聲")
    assert normalised("月、月！") == "月月"
