"""The ablation: its arms, its table, and that what is in the folder belongs to what is asked."""

from pathlib import Path

import pytest

from benchmarks import ablation
from benchmarks.ablation import ARMS, main, run, table
from poetcore.corpus import PreparedCorpus
from poetcore.errors import TrainingError
from poetcore.training.presets import settings_for

TINY = [
    *("vocabulary_size=50", "batch_poems=8", "sequence_length=40", "embedding_size=8", "hidden_size=8"),
    *("frequent_tokens=10", "sampled_tokens=10"),
]


def test_the_table_has_a_row_for_each_arm_that_is_finished() -> None:
    row = {
        "parameters": 9_041_234,
        "seconds_per_update": 0.9249,
        "updates": 778,
        "tokens": 5_570_000,
        "seconds": 719.0,
        "tang_bits": 8.514,
        "song_bits": 8.726,
    }
    lines = table({"center": row, "dropout-0.1": row | {"tang_bits": 8.6}}).splitlines()
    assert lines[2] == "| `center` | – | 9.0 M | 0.92 s | 778 | 5.57 M | 8.51 | 8.73 |"
    assert lines[3] == "| `dropout-0.1` | `dropout=0.1` | 9.0 M | 0.92 s | 778 | 5.57 M | 8.60 | 8.73 |"
    assert len({line.count("|") for line in lines}) == 1
    assert "center" in ARMS


def test_arms_are_trained_once_and_belong_to_what_is_asked(
    corpus: PreparedCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ablation, "ARMS", {"center": TINY, "adamw": [*TINY, "optimiser=adamw"]})
    # So many that an arm is a handful of updates, however fast this machine is.
    monkeypatch.setattr(ablation, "_calibrated", lambda corpus, arms, path: dict.fromkeys(arms, 1.0))
    run(corpus, "base", ["center", "adamw"], 0.1, tmp_path / "out")
    written = (tmp_path / "out" / "table.md").read_text()
    assert [line.split(" | ")[4] for line in written.splitlines()[2:]] == ["6", "6"]
    trained = (tmp_path / "out" / "center" / "metrics.jsonl").stat().st_mtime_ns
    run(corpus, "base", ["center", "adamw"], 0.1, tmp_path / "out")
    assert (tmp_path / "out" / "table.md").read_text() == written
    assert (tmp_path / "out" / "center" / "metrics.jsonl").stat().st_mtime_ns == trained
    with pytest.raises(TrainingError, match="was begun with updates=6, not 12"):
        run(corpus, "base", ["center"], 0.2, tmp_path / "out")


def test_arms_take_turns_until_each_has_a_speed(corpus: PreparedCorpus, tmp_path: Path) -> None:
    arms = {name: settings_for("base", [*TINY, *ARMS[name]]) for name in ("center", "no-context")}
    seconds = ablation._calibrated(corpus, arms, tmp_path / "seconds.json")
    assert seconds.keys() == arms.keys()
    assert all(value > 0 for value in seconds.values())
    assert ablation._calibrated(corpus, arms, tmp_path / "seconds.json") == seconds


def test_bad_input_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path / "none"), "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    with pytest.raises(SystemExit):
        main(["--data", ".", "--out", ".", "--arms", "centre"])
    assert "no arm is called 'centre'; there are center, " in capsys.readouterr().err
