"""What a model is told of lines, by the whole sequence and token by token."""

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from poetcore.corpus import END, START, Vocabulary
from poetcore.nn.context import FORM_IDS, PLACES, WIDTH, Lines, contexts, form_id, mark_ids
from poetcore.prosody import FORMS, form_of

VOCABULARY = Vocabulary("，。月夜山水秋風雲花")
MARKS = mark_ids(VOCABULARY)


def sequence(text: str) -> npt.NDArray[np.int32]:
    return np.concatenate(([START], VOCABULARY.encode(text), [END])).astype(np.int32)


def begins(*sequences: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    return np.concatenate([np.arange(len(one)) == 0 for one in sequences])


def test_the_characters_above_stand_at_the_same_place() -> None:
    tokens = sequence("月夜，山水。秋風，")
    told = contexts(tokens, begins(tokens), MARKS)
    # After each input, about the token to come: 月夜，山水。秋風，END and what follows it.
    above = [VOCABULARY.decode([token]) for token in told.above]
    second = [VOCABULARY.decode([token]) for token in told.second_above]
    assert above == ["", "", "", "月", "夜", "，", "山", "水", "。", "秋", "風"]
    assert second == ["", "", "", "", "", "", "月", "夜", "，", "山", "水"]
    assert told.place.tolist() == [0, 1, 2, 9, 10, 11, 18, 19, 20, 27, 28]


def test_sequences_side_by_side_know_nothing_of_each_other() -> None:
    first, second = sequence("月夜，山水。"), sequence("秋風，雲花。")
    both = contexts(np.concatenate((first, second)), begins(first, second), MARKS)
    alone = contexts(second, begins(second), MARKS)
    for name in ("place", "above", "second_above"):
        assert getattr(both, name)[len(first) :].tolist() == getattr(alone, name).tolist()


@given(st.lists(st.text(alphabet="，。月夜山水秋風雲花鬼", max_size=60), min_size=1, max_size=4))
def test_token_by_token_is_the_same_as_all_at_once(texts: list[str]) -> None:
    """Whatever the marks do: empty lines, endless ones, none."""
    for text in texts:
        tokens = sequence(text)
        whole = contexts(tokens, begins(tokens), MARKS)
        lines = Lines.start(2)
        for step, token in enumerate(tokens[:-1]):
            lines = lines.read(np.array([token, token], np.int32), MARKS)
            told = lines.contexts()
            for name in ("place", "above", "second_above"):
                assert getattr(told, name).tolist() == [getattr(whole, name)[step]] * 2
        assert whole.place.max() < PLACES


def test_an_endless_line_is_remembered_as_far_as_lines_go() -> None:
    tokens = sequence("月" * (WIDTH + 5) + "，" + "夜" * (WIDTH + 5))
    told = contexts(tokens, begins(tokens), MARKS)
    assert set(told.above[WIDTH + 6 :][:WIDTH].tolist()) == {VOCABULARY.id_of("月")}
    assert set(told.above[2 * WIDTH + 6 :].tolist()) == {START}


def test_a_form_is_told_by_its_number() -> None:
    assert [form_id(FORMS[name]) for name in ("五絕", "七絕", "五律", "七律")] == [1, 2, 3, 4]
    assert form_id(None) == 0
    assert FORM_IDS == 5


def test_a_text_has_the_form_that_it_fits() -> None:
    line = "月夜山水秋"
    assert form_of(f"{line}，{line}。{line}，{line}。") == FORMS["五絕"]
    assert form_of(f"{line}，{line}。" * 4) == FORMS["五律"]
    assert form_of(f"{line}，{line}。{line}。{line}，") is None
    assert form_of(f"{line}，{line}。") is None
