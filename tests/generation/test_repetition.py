"""Which characters come again in a poem, and how readily."""

import numpy as np
import pytest

from poetcore.generation import ComposeRequest, Poet
from poetcore.generation.repetition import repetition
from poetcore.prosody import FORMS


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("temperature", [0.5, 1.0, 1.5])
def test_a_character_follows_itself_freely_and_comes_again_most_readily_in_its_line(
    name: str, temperature: float
) -> None:
    added = repetition(FORMS[name], temperature)
    width = FORMS[name].line_length + 1
    assert added.dtype == np.float32
    assert (np.diagonal(added, -1) == 0).all()
    assert (added <= 0).all()
    in_line, in_couplet, elsewhere = added[3, 0], added[width + 3, 0], added[2 * width + 3, 0]
    assert elsewhere == -np.inf < in_couplet < in_line


def repeats(text: str) -> int:
    """Characters that came before, 疊字 apart."""
    return sum(char in text[:at] and text[at - 1] != char for at, char in enumerate(text))


@pytest.fixture(scope="module")
def poems() -> dict[str, list[tuple[str, ...]]]:
    poet = Poet.load()
    return {
        form: [
            poet.compose(ComposeRequest(form=FORMS[form], seed=seed, best_of=4, temperature=(1.0, 0.8)[seed % 2])).lines
            for seed in range(60)
        ]
        for form in FORMS
    }


def test_the_shipped_poet_repeats_characters_as_rarely_as_poets_do(poems: dict[str, list[tuple[str, ...]]]) -> None:
    # In their lines and couplets: 0.26, 0.33, 0.13 and 0.31 a poem.
    for form, most in (("五絕", 0.45), ("七絕", 0.55), ("五律", 0.35), ("七律", 0.6)):
        assert 0 < np.mean([repeats("".join(lines)) for lines in poems[form]]) < most, form


def test_words_are_taken_up_in_their_couplet_alone(poems: dict[str, list[tuple[str, ...]]]) -> None:
    for lines in (lines for of_form in poems.values() for lines in of_form):
        couplets = ["".join(lines[at : at + 2]) for at in range(0, len(lines), 2)]
        for number, couplet in enumerate(couplets):
            assert not set(couplet) & set("".join(couplets[:number])), lines


def test_no_rhyme_word_rhymes_twice_and_no_character_comes_three_times_in_a_row(
    poems: dict[str, list[tuple[str, ...]]],
) -> None:
    for lines in (lines for of_form in poems.values() for lines in of_form):
        rhymes = [line[-1] for line in lines[1::2]]
        assert len(set(rhymes)) == len(rhymes)
        text = "".join(lines)
        assert not any(text[at] * 3 == text[at : at + 3] for at in range(len(text)))
