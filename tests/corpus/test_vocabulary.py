"""Encoding and decoding."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poetcore.corpus import END, SPECIALS, START, UNKNOWN, Vocabulary


def test_specials_come_first_and_unknown_characters_become_one_token() -> None:
    vocabulary = Vocabulary("，。月山")
    assert (START, END, UNKNOWN, SPECIALS) == (0, 1, 2, 3)
    assert len(vocabulary) == 7
    assert vocabulary.encode("月龘。").tolist() == [5, UNKNOWN, 4]
    assert vocabulary.decode([START, 5, UNKNOWN, 4, END]) == "月。"
    assert "月" in vocabulary
    assert "龘" not in vocabulary


@given(st.text(alphabet="，。月山水"))
def test_known_text_survives_the_round_trip(text: str) -> None:
    vocabulary = Vocabulary("，。月山水")
    assert vocabulary.decode(vocabulary.encode(text)) == text


@pytest.mark.parametrize("characters", [["月", "月"], ["月山"], [""]])
def test_a_vocabulary_is_of_single_characters_each_once(characters: list[str]) -> None:
    with pytest.raises(ValueError, match="single characters"):
        Vocabulary(characters)
