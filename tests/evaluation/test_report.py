"""What `poet evaluate` prints."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from poetcore.errors import InputError
from poetcore.evaluation.report import evaluate_file
from poetcore.generation import Poet
from poetcore.package import Architecture, Characters, PoetCard, expected_shapes


@pytest.fixture(scope="module")
def even_poet() -> Poet:
    """A poet that finds each of its eight tokens equally likely: 3 bits each."""
    architecture = Architecture(embedding_size=2, hidden_size=2, layers=1, tied=True)
    card = PoetCard(
        version="even",
        created=datetime(2024, 9, 17, tzinfo=UTC),
        architecture=architecture,
        vocabulary=Characters(characters="，。月花風"),
        forms=("五絕",),
        training={},
        metrics={},
    )
    return Poet(card, {name: np.zeros(shape, np.float32) for name, shape in expected_shapes(architecture, 8).items()})


def test_the_report_of_a_file(tmp_path: Path, even_poet: Poet) -> None:
    path = tmp_path / "poems.jsonl"
    path.write_text('{"text": "月花，\\n風月。", "title": "夜"}\n{"text": "花月。"}\n', encoding="utf-8")
    # 11 predictions (9 characters, 2 ends) of 3 bits over 6 hanzi.
    assert evaluate_file(path, even_poet) == {
        "poems": 2,
        "hanzi": 6,
        "bits_per_hanzi": pytest.approx(33 / 6),
        "bits_per_hanzi_given_title": None,
        "perplexity": pytest.approx(8.0),
        "unknown_hanzi": 0,
        "poet": "even",
    }


@pytest.mark.parametrize("text", ["", "。", "moon"])
def test_a_text_without_hanzi_is_named(tmp_path: Path, even_poet: Poet, text: str) -> None:
    path = tmp_path / "poems.jsonl"
    path.write_text(f'{{"text": "月"}}\n\n{{"text": "{text}"}}\n', encoding="utf-8")
    with pytest.raises(InputError, match="line 3: the text has no Chinese character"):
        evaluate_file(path, even_poet)
