"""From ratings to weighted verdicts."""

from datetime import UTC, datetime, timedelta

import pytest

from poetcore.errors import TrainingError
from poetcore.training.preference.ratings import Rating
from poetcore.training.preference.selection import rating_weights, select
from poetcore.training.preference.settings import FinetuneSettings

SETTINGS = FinetuneSettings(least_ratings=2, rater_share=1.0)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def rated(text: str, liked: bool, rater: str = "a", poet: str = "now", minute: int = 0) -> Rating:
    return Rating(text, "", "", liked, rater, poet, NOON + timedelta(minutes=minute))


def test_both_classes_weigh_the_same_and_a_poem_one_on_average() -> None:
    selection = select([rated("一", True), rated("二", False), rated("三", False), rated("四", False)], "now", SETTINGS)
    weights = {poem.text: poem.weight for poem in selection.poems}
    assert weights == pytest.approx({"一": 2.0, "二": 2 / 3, "三": 2 / 3, "四": 2 / 3})
    assert (selection.liked, selection.disliked) == (1, 3)


def test_three_likes_among_many_dislikes_are_not_made_to_weigh_as_much() -> None:
    ratings = [rated(chr(0x4E00 + number), number == 0, rater=str(number)) for number in range(31)]
    poems = select(ratings, "now", SETTINGS).poems
    assert sum(poem.weight for poem in poems if poem.liked) / len(poems) == pytest.approx(5 / 35)


def test_a_rater_s_weight_ends_at_a_share() -> None:
    settings = FinetuneSettings(least_ratings=2, rater_share=0.25)
    # "a" gave six of eight; a quarter of eight is two. Equal 👍 and 👎: each rater tells poems apart as well as can be.
    ratings = [rated(str(number), number % 2 == 0) for number in range(6)]
    ratings += [rated("六", True, "b"), rated("七", False, "b")]
    assert rating_weights(ratings, "now", settings) == pytest.approx([1 / 3] * 6 + [1.0] * 2)
    assert select(ratings, "now", settings).capped_raters == 1


def test_who_always_presses_one_button_says_little() -> None:
    ratings = [rated(str(number), False, "vandal") for number in range(18)]
    ratings += [rated("甲", True, "reader"), rated("乙", False, "reader")]
    weights = rating_weights(ratings, "now", SETTINGS)
    # p = 0.5/19 and 1.5/3.
    assert weights == pytest.approx([4 * 0.5 / 19 * 18.5 / 19] * 18 + [1.0] * 2)


def test_poems_of_older_versions_weigh_less_the_older_they_are() -> None:
    ratings = [rated("一", True, poet="first", minute=0), rated("二", False, poet="second", minute=1)]
    ratings += [rated("三", True, poet="now", minute=2), rated("四", False, poet="now", minute=3)]
    assert rating_weights(ratings, "now", SETTINGS) == pytest.approx([0.25, 0.5, 1.0, 1.0])
    assert select(ratings, "now", SETTINGS).older == 2


def test_a_late_press_on_an_old_poem_makes_its_version_no_younger() -> None:
    ratings = [rated("一", True, "a", "first", 0), rated("二", False, "a", "first", 1)]
    ratings += [rated("三", True, "b", "second", 2), rated("四", False, "b", "second", 3)]
    late = [*ratings, rated("五", False, "c", "first", 9)]
    for all_of_them in (ratings, late):
        assert rating_weights(all_of_them, "now", SETTINGS)[:4] == pytest.approx([0.25, 0.25, 0.5, 0.5])


def test_readers_who_disagree_cancel_out() -> None:
    ratings = [rated("一", True, "a"), rated("一", False, "b"), rated("二", True, "a"), rated("三", False, "a")]
    ratings += [rated("二", True, "b"), rated("四", False, "b")]
    selection = select(ratings, "now", SETTINGS)
    assert [(poem.text, poem.liked) for poem in selection.poems] == [("三", False), ("二", True), ("四", False)]
    assert selection.undecided == 1


def test_many_of_one_mind_count_as_two() -> None:
    ratings = [rated("一", True, str(number)) for number in range(9)]
    ratings += [rated("二", False, str(number)) for number in range(9)]
    ratings += [rated("三", False, "x"), rated("四", True, "x")]
    weights = {poem.text: poem.weight for poem in select(ratings, "now", SETTINGS).poems}
    assert weights["一"] / weights["四"] == pytest.approx(2.0)


def test_a_reader_s_last_word_on_a_poem_counts() -> None:
    ratings = [rated("一", False, minute=9), rated("一", True, minute=1), rated("二", True)]
    selection = select(ratings, "now", SETTINGS)
    assert [(poem.text, poem.liked) for poem in selection.poems] == [("一", False), ("二", True)]
    assert selection.ratings == 2


def test_the_order_of_the_ratings_does_not_matter() -> None:
    ratings = [rated(chr(0x4E00 + number), number % 3 == 0, str(number % 4)) for number in range(20)]
    assert select(ratings, "now", SETTINGS) == select(ratings[::-1], "now", SETTINGS)


def test_too_few_ratings_are_refused() -> None:
    with pytest.raises(TrainingError, match="there are 2 ratings, and a fine-tune needs 50"):
        select([rated("一", True), rated("二", False)], "now", FinetuneSettings())


@pytest.mark.parametrize(("liked", "found"), [(True, "every one"), (False, "none")])
def test_one_class_alone_is_refused(liked: bool, found: str) -> None:
    with pytest.raises(TrainingError, match=f"of 2 rated poems {found} is liked"):
        select([rated("一", liked), rated("二", liked)], "now", SETTINGS)
