"""The choice among candidates: what is seen of them, and what it is worth."""

from collections import Counter
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pytest

from poetcore.association import Association
from poetcore.errors import PackageError
from poetcore.generation.engine import Engine
from poetcore.generation.ranking import FEATURES, FILES, Ranking, Weights, chosen, pairs_of
from poetcore.prosody import FORMS

# Two subjects: mountains go with mountains and the moon with the moon, on either side.
_SUBJECTS = {"山": 0, "石": 0, "月": 1, "星": 1}


def table() -> Association:
    characters = "".join(_SUBJECTS)
    vectors = np.array([[1.0, 0.0] if subject == 0 else [0.0, 1.0] for subject in _SUBJECTS.values()], np.float32)
    return Association(characters, vectors, characters, vectors)


def ranking(**worth: float) -> Ranking:
    features = tuple(worth.get(name, 0.0) for name in FEATURES)
    weights = Weights(features=features, title=worth.get("title", 0.0), exact=(1.0, 0.0))
    return Ranking(table(), table(), table(), dict.fromkeys(FORMS, weights))


MOUNTAINS = ("山山石石山", "石石山山石", "山石山石山", "石山石山石")
MIXED = ("山山石石山", "石石山山石", "月星月星月", "星月星月星")
QUATRAIN = FORMS["五絕"]


def winner(ranked: Ranking, *, title: str | None = None, recent: frozenset[str] = frozenset()) -> int:
    scores = ranked.scores(QUATRAIN, [MOUNTAINS, MIXED], np.array([-5.0, -5.5]), title, recent)
    return int(np.argmax(scores))


def test_each_number_decides_when_it_alone_counts() -> None:
    assert winner(ranking(likelihood=1.0)) == 0
    assert winner(ranking(likelihood=-1.0)) == 1
    assert winner(ranking(coherence=1.0)) == 0
    assert winner(ranking(title=1.0), title="月") == 1
    assert winner(ranking(title=1.0), title="石") == 0
    assert winner(ranking(repetition=-1.0), recent=pairs_of([MOUNTAINS])) == 1


def drawn(ranked: Ranking | None, seed: int, temperature: float = 1.0) -> int:
    """Which of two drafts is taken whose log odds differ by half of what `likelihood` is worth."""
    likelihoods = np.array([-5.0, -5.5])
    drafts: Any = SimpleNamespace(
        rough=likelihoods * QUATRAIN.hanzi,
        log_likelihoods=lambda _engine, rows: likelihoods[rows] * QUATRAIN.hanzi,
    )
    engine, rng = cast("Engine", None), np.random.default_rng(seed)
    row, score = chosen(drafts, engine, QUATRAIN, [MOUNTAINS, MIXED], ranked, temperature, rng)
    assert score == likelihoods[row]
    return row


def test_a_draft_is_drawn_by_its_odds() -> None:
    counts = Counter(drawn(ranking(likelihood=1.0), seed) for seed in range(2_000))
    assert counts[0] / 2_000 == pytest.approx(np.e**0.5 / (1 + np.e**0.5), abs=0.03)
    assert {drawn(ranking(likelihood=100.0), seed) for seed in range(50)} == {0}


def test_cool_poems_are_the_best_of_their_drafts() -> None:
    assert {drawn(ranking(likelihood=1.0), seed, temperature=0.8) for seed in range(200)} == {0}
    assert {drawn(ranking(likelihood=1.0), seed, temperature=0.5) for seed in range(200)} == {0}
    counts = Counter(drawn(ranking(likelihood=1.0), seed, temperature=0.9) for seed in range(2_000))
    # Half the noise: twice as sharp.
    assert counts[0] / 2_000 == pytest.approx(np.e / (1 + np.e), abs=0.03)


def test_copies_of_a_poem_take_no_place_of_another() -> None:
    # Roughly, the copies look best; exactly, the last poem is.
    poems = [*[MOUNTAINS] * 12, MIXED, MIXED[::-1], MOUNTAINS[:2] + MIXED[:2]]
    asked: list[int] = []

    def exact(_engine: object, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        asked.extend(rows.tolist())
        return np.where(rows == len(poems) - 1, -1.0, -9.0) * QUATRAIN.hanzi

    rough = -np.arange(len(poems), dtype=np.float64)
    drafts: Any = SimpleNamespace(rough=rough, log_likelihoods=exact)
    engine, rng = cast("Engine", None), np.random.default_rng(1)
    row, _ = chosen(drafts, engine, QUATRAIN, poems, None, 0.5, rng)
    assert asked == [0, 12, 13, 14]
    assert row == 14


def test_without_a_ranking_the_likeliest_draft_is_taken() -> None:
    assert {drawn(None, seed) for seed in range(50)} == {0}


def test_the_middle_couplets_of_eight_lines_answer_each_other() -> None:
    eight = FORMS["五律"]
    answered = ("山" * 5, "山" * 5, "月" * 5, "星" * 5, "山" * 5, "石" * 5, "月" * 5, "山" * 5)
    unanswered = ("山" * 5, "山" * 5, "月" * 5, "石" * 5, "山" * 5, "星" * 5, "月" * 5, "月" * 5)
    features = ranking().features(eight, [answered, unanswered], np.zeros(2), frozenset())
    assert features[:, FEATURES.index("parallelism")].tolist() == [1.0, 0.0]
    four = ranking().features(QUATRAIN, [MOUNTAINS], np.zeros(1), frozenset())
    assert four[0, FEATURES.index("parallelism")] == 0


def test_repetition_is_the_share_of_pairs_that_were_served() -> None:
    features = ranking().features(QUATRAIN, [MOUNTAINS, MIXED], np.zeros(2), pairs_of([MIXED[:1]]))
    # 山山 山石 石石 石山: all that mountains are made of; half of the mixed poem.
    assert features[:, FEATURES.index("repetition")].tolist() == [1.0, 0.5]


def test_a_package_keeps_all_of_it_or_nothing() -> None:
    files = ranking(likelihood=0.5, title=2.0).to_files()
    assert sorted(files) == sorted(FILES)
    again = Ranking.from_files(files)
    assert again is not None
    assert again.weights["七律"].features[0] == 0.5
    assert again.weights["七律"].title == 2.0
    assert winner(again, title="月") == winner(ranking(likelihood=0.5, title=2.0), title="月")
    assert Ranking.from_files({}) is None
    with pytest.raises(PackageError, match=r"lacks ranking\.json"):
        Ranking.from_files({name: content for name, content in files.items() if name != "ranking.json"})
    with pytest.raises(PackageError, match=r"ranking\.json"):
        Ranking.from_files(files | {"ranking.json": b"{}"})
    with pytest.raises(PackageError, match="has the forms"):
        Ranking.from_files(files | {"ranking.json": b'{"forms": {}}'})
