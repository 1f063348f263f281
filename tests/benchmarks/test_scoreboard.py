"""`python -m benchmarks.scoreboard`: every column from one command, which goes on where it was cut off."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from benchmarks.scoreboard import systems
from benchmarks.scoreboard.__main__ import main
from benchmarks.scoreboard.systems import Order, System, free_orders, many_orders, titled_orders, written
from poetcore.corpus.preparation import prepare
from poetcore.evaluation.scoreboard.verses import Verse
from poetcore.package import Architecture, Characters, PoetCard, expected_shapes, read_package, write_package

HANZI = (
    "紅不人一無山風有來天日何如中自時生雲年爲春花知此月水我上得相未心君清歸子見三行老今長事可是江白去與雨下千詩萬秋空明已在高寒作家誰夜處青欲道客玉更門前書南聲出多酒"
    "成新之古落金東地能亦世流公頭飛深從西開看十間入身朝然平同當意名大石方林百盡光重里"
)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A poet with random weights."""
    folder = tmp_path_factory.mktemp("poets") / "toy"
    architecture = Architecture(embedding_size=4, hidden_size=4, layers=1, tied=True)
    card = PoetCard(
        version="toy",
        created=datetime(2024, 9, 17, tzinfo=UTC),
        architecture=architecture,
        vocabulary=Characters(characters="，。" + HANZI),
        forms=("五絕",),
        training={},
        metrics={},
    )
    random = np.random.default_rng(1)
    shapes = expected_shapes(architecture, 5 + len(HANZI))
    tensors = {name: random.normal(0, 0.3, shape).astype(np.float16) for name, shape in shapes.items()}
    write_package(folder, card, tensors)
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two thousand quatrains of the poet's hanzi, with titles."""
    random = np.random.default_rng(0)
    poems = []
    for _ in range(2_000):
        lines = ["".join(HANZI[int(code)] for code in line) for line in random.integers(len(HANZI), size=(4, 5))]
        title = "".join(HANZI[int(code)] for code in random.integers(30, size=3))
        poems.append({"author": "", "title": title, "paragraphs": ["{}，{}。{}，{}。".format(*lines)]})
    source = tmp_path_factory.mktemp("source")
    (source / "poet.tang.0.json").write_text(json.dumps(poems, ensure_ascii=False), encoding="utf-8")
    folder = tmp_path_factory.mktemp("prepared") / "data"
    prepare(source, folder, ("tang",))
    return folder


@pytest.fixture
def board(package: Path, data: Path, tmp_path: Path) -> Callable[..., int]:
    """Runs the command, small, without the reader."""
    words = ["--data", data, "--poet", package, "--seed-poet", package, "--judge", package, "--learned", "0", "--card"]
    places = ["--work", tmp_path / "work", "--out", tmp_path / "docs", "--poems", "8"]
    return lambda: main([str(word) for word in [*words, *places]])


def test_all_columns_and_poems_come_from_one_command_and_once_only(
    board: Callable[..., int], package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.scoreboard.__main__._SHOWN", 2)
    assert board() == 0
    table = (tmp_path / "docs" / "scoreboard.md").read_text(encoding="utf-8")
    assert "| figure | real | ours | ours at 0.8 | unmasked | seed |" in table
    columns = json.loads((tmp_path / "docs" / "scoreboard.json").read_text(encoding="utf-8"))
    assert columns["ours"]["poems"] == 32
    assert columns["ours"]["format_ok"] == 1.0
    metrics = read_package(package)[0].metrics
    assert metrics["scoreboard_poems"] == 32
    assert metrics["scoreboard_judge_bits_per_hanzi"] == round(columns["ours"]["judge_bits_per_hanzi"], 4)
    assert "scoreboard_ngram_auc" not in metrics  # too few poems to tell
    assert columns["unmasked"]["judge_bits_per_hanzi"] > 0
    assert columns["real"]["copied_lines"] == 0
    pages = sorted(path.name for path in (tmp_path / "docs" / "poems").iterdir())
    assert pages == ["4x5.md", "4x7.md", "8x5.md", "8x7.md"]

    def forbidden(*_: object) -> None:
        raise AssertionError("a second run composes nothing")

    monkeypatch.setattr(systems, "composed", forbidden)
    assert board() == 0
    assert (tmp_path / "docs" / "scoreboard.json").read_text(encoding="utf-8") == json.dumps(
        columns, ensure_ascii=False, indent=2
    ) + "\n"


def test_half_a_line_is_written_again(package: Path, tmp_path: Path) -> None:
    system, orders = System("ours", package, plain=False), free_orders(2)
    whole = written(tmp_path / "whole.jsonl", system, orders, print)
    torn = tmp_path / "torn.jsonl"
    torn.write_bytes((tmp_path / "whole.jsonl").read_bytes()[:-40])
    assert written(torn, system, orders, print) == whole
    assert torn.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()


def test_orders() -> None:
    real = [Verse.of("白日依山盡，黃河入海流。欲窮千里目，更上一層樓。", title) for title in ("樓", "樓", "河", None)]
    assert titled_orders(real, 2 * systems.PER_TITLE)[4] == Order("五絕", 1, "河")
    assert len(titled_orders(real, 2 * systems.PER_TITLE)) == 8
    formless = [Verse.of("白日依山盡，黃河。", None)] * 8
    for free, count in ((real, 3), (real + formless, 9), (formless, 15)):
        assert [order.form for order in many_orders(real, 3, free)] == ["五絕"] * count


def test_what_is_missing_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--data", str(tmp_path / "nowhere"), "--work", str(tmp_path)]) == 1
    assert capsys.readouterr().err.count("\n") == 1
