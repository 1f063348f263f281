"""Simulated readers: what they like, what they press, and where their thresholds stand."""

import numpy as np
import pytest

from poetcore.evaluation.readers.readers import Kind, Reader, drawn_readers, liked_share
from poetcore.evaluation.readers.realism import Realism
from poetcore.evaluation.readers.tastes import Tastes

FLAT = Realism(np.zeros(2**16 + 1))
AUTUMN = "秋霜落葉黃，雁去菊花香。"
WAR = "將軍百戰死，壯士十年歸。"
PLAIN = "春水綠如天，花開又一年。"


def tastes(first: list[str]) -> Tastes:
    return Tastes.of(frozenset("一天年"), FLAT, first)


def test_each_taste_prefers_its_own() -> None:
    autumn, war, plain = tastes([AUTUMN, WAR, PLAIN]).scores([AUTUMN, WAR, PLAIN])
    assert autumn[0] > plain[0]
    assert war[1] < plain[1] == autumn[1]
    # 天 一 年 are common here; of the war poem 年 alone, of the autumn poem none.
    assert autumn[2] > war[2] > plain[2]


def test_the_scale_is_that_of_the_first_poems() -> None:
    first = [AUTUMN, WAR, PLAIN]
    scores = tastes(first).scores(first)
    assert scores[:, :3].mean(axis=0) == pytest.approx([0, 0, 0], abs=1e-12)
    assert scores[:, :3].std(axis=0) == pytest.approx([1, 1, 1])


def test_the_classifier_tells_kinds_apart_that_it_has_not_seen() -> None:
    random = np.random.default_rng(2)

    def texts(first: int, count: int) -> list[str]:
        return ["".join(chr(0x4E00 + first + code) for code in random.integers(60, size=20)) for _ in range(count)]

    realism = Realism.fitted(texts(0, 100), texts(30, 100))
    assert (realism.scores(texts(0, 100)) > realism.scores(texts(30, 100)).mean()).mean() > 0.9


def test_every_honest_reader_likes_half_of_the_first_poems() -> None:
    first = np.random.default_rng(3).normal(size=(400, 4))
    readers = drawn_readers(20, first, np.random.default_rng(4))
    assert [reader.likes(first).mean() for reader in readers] == [0.5] * 20
    assert liked_share(readers, first) == 0.5


def test_a_tenth_are_vandals_half_of_each_kind() -> None:
    readers = drawn_readers(40, np.zeros((2, 4)), np.random.default_rng(5), vandals=0.1)
    kinds = [reader.kind for reader in readers]
    assert [kinds.count(kind) for kind in (Kind.HONEST, Kind.ALWAYS_DOWN, Kind.FOR_NONSENSE)] == [36, 2, 2]


def test_an_honest_reader_presses_at_random_now_and_then() -> None:
    reader = Reader("a", Kind.HONEST, (1.0, 0.0, 0.0, 0.0), 0.0)
    scores = np.ones((10_000, 4))
    # All are liked; a fifth of the presses are random, and half of those 👎.
    assert np.mean(reader.presses(scores, np.random.default_rng(6))) == pytest.approx(0.9, abs=0.01)


def test_what_vandals_press() -> None:
    scores = np.array([[9.0, 9.0, 9.0, 1.0], [9.0, 9.0, 9.0, -1.0]])
    random = np.random.default_rng(7)
    down, nonsense = (Reader("a", kind, (1.0, 0.0, 0.0, 0.0), 0.0) for kind in (Kind.ALWAYS_DOWN, Kind.FOR_NONSENSE))
    assert down.presses(scores, random) == [False, False]
    assert nonsense.presses(scores, random) == [False, True]
