"""Simulated readers, a few of them: serve, rate, fine-tune, judge; what was done once is not done again."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.errors import BotError
from bot.simulation import serving
from bot.simulation.conduct import simulate
from bot.simulation.plan import ARMS, QUICK
from poetcore.evaluation.readers.readers import VANDALS

NAMES = ("kto", "no-vandals", "shuffled")


@pytest.fixture(scope="module")
def folder(tiny_poet: Path, tiny_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a simulation of three arms was run."""
    out = tmp_path_factory.mktemp("simulated") / "out"
    run(tiny_poet, tiny_data, out)
    return out


def run(poet: Path, data: Path, out: Path) -> dict[str, Any]:
    return simulate(poet, data, out, QUICK, lambda _line: None, [arm for arm in ARMS if arm.name in NAMES])


def figures(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "simulation.json").read_text(encoding="utf-8"))
    return found


def ratings(folder: Path, arm: str) -> list[dict[str, Any]]:
    lines = (folder / arm / "round-1" / "ratings.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_every_arm_has_figures_and_the_picture_shows_them(folder: Path) -> None:
    found = figures(folder)
    assert set(found["arms"]) == set(NAMES)
    for arm in NAMES:
        (last,) = found["arms"][arm]
        assert last["format_ok"] == 1.0
        assert 0 < last["liked_share"] < 1
        # A fine-tune came about: the poet is another one.
        assert last["bits_per_hanzi"] != found["before"]["bits_per_hanzi"]
    assert found["rounds"] == found["arms"]["kto"]
    assert found["control"]["rounds"] == found["arms"]["shuffled"]
    assert (folder / "simulation.png").read_bytes().startswith(b"\x89PNG")
    rows = (folder / "simulation.md").read_text(encoding="utf-8").splitlines()[2:]
    assert [row.split(" | ")[0].strip("| `") for row in rows] == ["the poet before", *found["arms"]]
    assert f"{found['rounds'][-1]['liked_share']:.1%}" in rows[1]


def test_readers_like_half_of_the_first_poems(folder: Path) -> None:
    assert figures(folder)["before"]["liked_share"] == pytest.approx(0.5, abs=0.15)


def test_the_arms_hear_the_same_readers(folder: Path) -> None:
    all_of_them, honest, shuffled = (ratings(folder, arm) for arm in NAMES)
    assert len(all_of_them) == QUICK.served
    raters = {rating["rater"] for rating in all_of_them}
    assert len(raters) == QUICK.readers
    assert len(raters - {rating["rater"] for rating in honest}) == round(QUICK.readers * VANDALS)
    assert all(rating in all_of_them for rating in honest)
    given, dealt = ([rating["rating"] for rating in told] for told in (all_of_them, shuffled))
    assert given != dealt
    assert sorted(given) == sorted(dealt)
    assert [rating["text"] for rating in all_of_them] == [rating["text"] for rating in shuffled]


def test_it_goes_on_where_it_was_cut_off(
    folder: Path, tiny_poet: Path, tiny_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = figures(folder)
    for name in ("simulation.json", "kto/round-1/figures.json", "kto/round-1/tune/result.json"):
        (folder / name).unlink()

    def forbidden(*_: object) -> None:
        raise AssertionError("all poems are there")

    monkeypatch.setattr(serving, "composed", forbidden)
    assert run(tiny_poet, tiny_data, folder) == before
    assert figures(folder) == before


def test_another_scale_needs_another_folder(folder: Path, tiny_poet: Path, tiny_data: Path) -> None:
    with pytest.raises(BotError, match="give --out another folder"):
        simulate(tiny_poet, tiny_data, folder, replace(QUICK, seed=2), lambda _line: None)
