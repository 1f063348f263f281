"""Lines of verse, however they are set off."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poetcore.prosody.text import is_hanzi, verse_lines

LINES = ("春山多白雲", "月下一人行")


@pytest.mark.parametrize(
    "text",
    [
        "春山多白雲，月下一人行。",
        "春山多白雲,月下一人行.",
        "春山多白雲\n月下一人行",
        "春山多白雲\r\n\r\n月下一人行\u2028",
        "春山多白雲　月下一人行",
        "　春山多白雲；月下一人行？！",
        "春山多白雲……月下一人行——",
        "「春山多白雲，『月下』一人行。」",
        "《春山多白雲》、(月下一人行)",
        '"春山多白雲" / "月下一人行"',
        "春山多白雲|月下一人行~",
        "\ufeff春\u200b山多白雲，月\ufe0f下一人行。",
    ],
)
def test_marks_spaces_and_breaks_end_a_line(text: str) -> None:
    assert verse_lines(text) == LINES


def test_what_is_no_hanzi_stays_in_its_line() -> None:
    assert verse_lines("春山abc，□下一🌙行\ud800。䍦") == ("春山abc", "□下一🌙行\ud800", "䍦")
    assert verse_lines(" ，。\n") == ()


@given(st.text(st.characters()))
def test_any_text_has_lines_that_keep_its_hanzi_in_order(text: str) -> None:
    lines = verse_lines(text)
    assert all(lines)
    assert [char for line in lines for char in line if is_hanzi(char)] == [char for char in text if is_hanzi(char)]
    assert verse_lines("\n".join(lines)) == lines
