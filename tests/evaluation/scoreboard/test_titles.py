"""Title relevance: tables learned from titles and poems find which belong together."""

from pathlib import Path

import pytest

from poetcore.association import Association
from poetcore.corpus import TEST, PreparedCorpus
from poetcore.errors import PackageError
from poetcore.evaluation.scoreboard.titles import title_relevance
from poetcore.evaluation.scoreboard.verses import Verse
from poetcore.script import to_traditional
from poetcore.training.association import learn_association

HANZI = [char for char in map(chr, range(0x5000, 0x6000)) if to_traditional(char) == char]


@pytest.fixture(scope="module")
def association(corpus: PreparedCorpus) -> Association:
    learned = learn_association(corpus, half=0, dimensions=8)
    assert learned is not None
    return learned


def test_held_out_poems_find_their_subject(corpus: PreparedCorpus, association: Association) -> None:
    poems = corpus.select(TEST).tolist()
    verses = [Verse.of(corpus.text(poem), corpus.titles[poem]) for poem in poems]
    others = [corpus.titles[poem] for poem in poems]
    share, count = title_relevance(verses, others, association)
    assert count == len(poems)
    # One wrong title in six is of the right subject: 1.5 of nine, which no model can tell from the right one.
    assert 0.35 < share < 0.75
    strangers = [Verse.of(verse.text, others[number - 1]) for number, verse in enumerate(verses)]
    assert title_relevance(strangers, others, association)[0] < 0.25


def test_poems_are_ranked_by_their_scores_with_a_title(corpus: PreparedCorpus, association: Association) -> None:
    fitting = "".join(HANZI[40 * 2 + code] for code in range(0, 40, 2))
    other = "".join(HANZI[40 * 4 + code] for code in range(0, 40, 2))
    scores = association.scores(HANZI[522], [other, fitting, "moon"])
    assert scores.argmax() == 1
    assert scores[2] == 0


def test_tables_come_back_as_they_were_saved_and_broken_ones_are_one_line(
    tmp_path: Path, association: Association
) -> None:
    path = tmp_path / "titles.safetensors"
    association.save(path)
    again = Association.load(path)
    assert again.left_characters == association.left_characters
    texts = ["".join(HANZI[code] for code in range(20))]
    assert again.scores(HANZI[502], texts) == pytest.approx(association.scores(HANZI[502], texts), abs=0.02)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(PackageError, match="holds no association tables"):
        Association.load(path)
    with pytest.raises(PackageError, match="cannot read"):
        Association.load(tmp_path / "nothing")


def test_learning_again_gives_the_same_tables(corpus: PreparedCorpus, association: Association) -> None:
    again = learn_association(corpus, half=0, dimensions=8)
    assert again is not None
    assert (again.right_vectors == association.right_vectors).all()
    other = learn_association(corpus, half=1, dimensions=8)
    assert other is not None
    assert (other.right_vectors[:50] != association.right_vectors[:50]).any()
