"""From ratings to what is learned from: one verdict a poem, with a weight.

What a rating counts, before the classes are balanced, is the product of

- the rater's share: whoever rated more than a set share of everything counts as if it were that share;
- how much the rater tells poems apart: 4p(1 − p), where p is the share of 👍 among the rater's ratings, with half a 👍
  and half a 👎 added (Krichevsky and Trofimov 1981). Whoever presses one button always says nothing about poems;
- the age of the poem: half for the version before the present one, a quarter for the one before that.

Readers who disagree about a poem cancel out, and what they leave is its verdict. In the end liked and disliked poems
weigh the same, and a poem weighs 1 on average.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from statistics import median_low
from typing import Any, Final

from poetcore.errors import TrainingError
from poetcore.training.preference.ratings import Rating
from poetcore.training.preference.settings import FinetuneSettings

# Ten readers of one mind are no ten poems.
_MOST_VOTES: Final = 2.0
# What is left of a poem's votes when readers disagree about it to the last digit.
_NOTHING: Final = 1e-9
# One class may be made heavier at most so many times: three 👍 among 300 ratings are no taste.
_MOST_BALANCING: Final = 5.0


@dataclass(frozen=True)
class Judged:
    """A poem and what its readers said together."""

    text: str
    title: str
    prefix: str
    liked: bool
    weight: float


@dataclass(frozen=True)
class Selection:
    """What a fine-tune learns from, and how it came about."""

    poems: tuple[Judged, ...]
    """In the order of their texts: the same ratings in another order are the same selection."""
    ratings: int
    raters: int
    liked: int
    """Poems whose verdict is 👍."""
    disliked: int
    undecided: int
    """Poems left out because their readers cancel out."""
    capped_raters: int
    """Raters who gave more than their share."""
    older: int
    """Ratings of poems by older versions."""

    def __str__(self) -> str:
        """One line for a person."""
        return (
            f"{self.ratings:,} ratings by {self.raters:,} raters: {self.liked:,} poems liked, {self.disliked:,} "
            f"disliked, {self.undecided:,} undecided; {self.capped_raters} raters capped, {self.older:,} ratings of "
            "older versions"
        )

    def as_dict(self) -> dict[str, Any]:
        """The counts, as JSON has them."""
        return {key: value for key, value in asdict(self).items() if key != "poems"}


def select(ratings: Sequence[Rating], poet: str, settings: FinetuneSettings) -> Selection:
    """What is learned from `ratings` by the version `poet`.

    Raises `TrainingError` if there are too few, or if no poem is liked or none disliked.
    """
    ratings = _last_words(ratings)
    if len(ratings) < settings.least_ratings:
        raise TrainingError(
            f"there are {len(ratings)} ratings, and a fine-tune needs {settings.least_ratings} (least_ratings): "
            "wait for more"
        )
    weights = rating_weights(ratings, poet, settings)
    votes: dict[tuple[str, str, str], float] = defaultdict(float)
    for rating, weight in zip(ratings, weights, strict=True):
        votes[rating.text, rating.title, rating.prefix] += weight if rating.liked else -weight
    decided = {poem: vote for poem, vote in sorted(votes.items()) if abs(vote) > _NOTHING}
    judged = [Judged(*poem, liked=vote > 0, weight=min(abs(vote), _MOST_VOTES)) for poem, vote in decided.items()]
    liked = sum(poem.liked for poem in judged)
    if liked in (0, len(judged)):
        raise TrainingError(
            f"of {len(judged)} rated poems {'none' if not liked else 'every one'} is liked: "
            "a fine-tune needs poems of both kinds"
        )
    counts = Counter(rating.rater for rating in ratings)
    return Selection(
        poems=tuple(_balanced(judged)),
        ratings=len(ratings),
        raters=len(counts),
        liked=liked,
        disliked=len(judged) - liked,
        undecided=len(votes) - len(judged),
        capped_raters=sum(count > settings.rater_share * len(ratings) for count in counts.values()),
        older=sum(bool(age) for age in _ages(ratings, poet)),
    )


def rating_weights(ratings: Sequence[Rating], poet: str, settings: FinetuneSettings) -> list[float]:
    """What each rating counts before poems are put together and classes balanced."""
    given = Counter(rating.rater for rating in ratings)
    liked = Counter(rating.rater for rating in ratings if rating.liked)
    cap = settings.rater_share * len(ratings)
    of_rater = {}
    for rater, count in given.items():
        share = (liked[rater] + 0.5) / (count + 1)
        of_rater[rater] = min(1.0, cap / count) * 4 * share * (1 - share)
    ages = _ages(ratings, poet)
    return [of_rater[r.rater] * settings.older_weight**age for r, age in zip(ratings, ages, strict=True)]


def _ages(ratings: Sequence[Rating], poet: str) -> list[int]:
    """How many versions each rating's poem is old.

    Versions count back by the middle of when their ratings were given: one press on an old poem makes none young.
    """
    given: dict[str, list[datetime]] = defaultdict(list)
    for rating in ratings:
        given[rating.poet].append(rating.at)
    middle = {version: median_low(moments) for version, moments in given.items()}
    others = sorted(middle.keys() - {poet}, key=lambda version: (middle[version], version), reverse=True)
    age: Mapping[str, int] = {poet: 0} | {version: number for number, version in enumerate(others, start=1)}
    return [age[rating.poet] for rating in ratings]


def _last_words(ratings: Sequence[Rating]) -> list[Rating]:
    """Of several ratings of a poem by one reader, the last."""
    last: dict[tuple[str, str], Rating] = {}
    for rating in sorted(ratings, key=lambda rating: rating.at):
        last[rating.rater, rating.text] = rating
    return list(last.values())


def _balanced(poems: Sequence[Judged]) -> list[Judged]:
    """The poems with weights of mean 1, liked and disliked ones weighing the same together."""
    totals = {liked: sum(poem.weight for poem in poems if poem.liked == liked) for liked in (True, False)}
    larger = max(totals.values())
    factors = {liked: min(larger / total, _MOST_BALANCING) for liked, total in totals.items()}
    whole = sum(poem.weight * factors[poem.liked] for poem in poems)
    return [replace(poem, weight=poem.weight * factors[poem.liked] * len(poems) / whole) for poem in poems]
