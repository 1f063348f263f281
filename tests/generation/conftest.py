"""A tiny poet with random weights."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from poetcore.generation import Poet
from poetcore.package import (
    Architecture,
    Characters,
    PoetCard,
    Tensors,
    expected_shapes,
    write_package,
)

TOY_CHARACTERS = (
    "，。紅不人一無山風有來天日何如中自時生雲年爲春花知此月水我上得相未心君清歸子見三行老今長事可是江白去與雨下千詩萬秋空明已在高"
    "寒作家誰夜處青欲道客玉更門前書南聲出多酒成新之古落金東地能亦世流公頭飛深從西開看十間入身朝然平同當意名大石方林百盡光重里却黄后余云红"
)


@pytest.fixture(scope="session")
def toy_card() -> PoetCard:
    """The card of a poet with 128 characters and an LSTM of two layers, 16 wide."""
    return PoetCard(
        version="toy-1",
        created=datetime(2024, 9, 17, 12, 0, tzinfo=UTC),
        architecture=Architecture(embedding_size=8, hidden_size=16, layers=2, tied=False),
        vocabulary=Characters(characters=TOY_CHARACTERS),
        forms=("五絕", "七絕", "五律", "七律"),
        training={"preset": "toy", "epochs": 0},
        metrics={},
    )


@pytest.fixture(scope="session")
def toy_tensors(toy_card: PoetCard) -> Tensors:
    """Random float16 weights for the toy card, always the same."""
    rng = np.random.default_rng(7)
    shapes = expected_shapes(toy_card.architecture, 3 + len(TOY_CHARACTERS))
    return {name: rng.normal(0, 0.7, shape).astype(np.float16) for name, shape in shapes.items()}


@pytest.fixture(scope="session")
def toy_package(tmp_path_factory: pytest.TempPathFactory, toy_card: PoetCard, toy_tensors: Tensors) -> Path:
    """The toy poet's folder; copy it before you change it."""
    folder = tmp_path_factory.mktemp("poets") / "toy"
    write_package(folder, toy_card, toy_tensors)
    return folder


@pytest.fixture(scope="session")
def toy_poet(toy_package: Path) -> Poet:
    """The toy poet, loaded."""
    return Poet.load(toy_package)
