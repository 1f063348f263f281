"""A small prepared corpus with titles, and poems to measure."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from poetcore.corpus import PreparedCorpus
from poetcore.corpus.preparation import prepare
from poetcore.script import to_traditional

Writer = Callable[..., Path]

# Invented poems are of hanzi that no one takes for simplified ones.
HANZI = [char for char in map(chr, range(0x5000, 0x6000)) if to_traditional(char) == char]


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> PreparedCorpus:
    """6,000 quatrains of invented hanzi; the title's two hanzi say which of six ranges the poem's come from."""
    random = np.random.default_rng(0)
    poems = []
    for _ in range(6_000):
        subject = int(random.integers(6))
        hanzi = [HANZI[40 * subject + int(code)] for code in random.integers(40, size=20)]
        lines = ["".join(hanzi[start : start + 5]) for start in range(0, 20, 5)]
        title = "".join(HANZI[500 + 10 * subject + int(code)] for code in random.integers(10, size=2))
        poems.append({"author": "", "title": title, "paragraphs": ["{}，{}。{}，{}。".format(*lines)]})
    source = tmp_path_factory.mktemp("source")
    (source / "poet.tang.0.json").write_text(json.dumps(poems, ensure_ascii=False), encoding="utf-8")
    folder = tmp_path_factory.mktemp("prepared") / "data"
    prepare(source, folder, ("tang",))
    return PreparedCorpus.load(folder)


@pytest.fixture
def written(tmp_path: Path) -> Writer:
    """Writes (text, title) pairs as JSONL."""

    def write(*poems: tuple[str, str | None]) -> Path:
        path = tmp_path / "poems.jsonl"
        lines = (json.dumps({"text": text, "title": title}) + "\n" for text, title in poems)
        path.write_text("".join(lines), encoding="utf-8")
        return path

    return write
