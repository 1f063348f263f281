"""Two processes that train as one."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SETTINGS = (
    *("--set", "vocabulary_size=60", "--set", "embedding_size=8", "--set", "hidden_size=8"),
    *("--set", "optimiser=sgd", "--set", "learning_rate=0.5", "--set", "clip_norm=1", "--set", "arithmetic=float32"),
)


# Losses are read once in a while, as on a GPU, and the ranks' clocks disagree on whether a checkpoint is due. Ranks
# that wait for each other in different places fail, instead of waiting for half an hour.
AS_ON_A_GPU = """
import math, os
from datetime import timedelta
from functools import partial
from poetcore.cli import app
from poetcore.training import loop, progress, ranks
ranks.distributed.init_process_group = partial(ranks.distributed.init_process_group, timeout=timedelta(seconds=100))
progress.Losses.due = property(lambda losses: len(losses._sums) >= 4)
loop._SAVE_EVERY_S = math.inf if os.environ["RANK"] == "0" else 0.0
app()
"""

POET = Path(sys.executable).with_name("poet")


def train(data: Path, out: Path, ranks: int, *arguments: str, poet: Path = POET) -> subprocess.CompletedProcess[str]:
    launcher = [] if ranks == 1 else ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={ranks}"]
    return subprocess.run(
        [sys.executable, *launcher, str(poet), "train", "--data", str(data), "--out", str(out), *SETTINGS, *arguments],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


def curve(run: Path) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    kept = ("epoch", "updates", "tokens", "train_cross_entropy", "validation_cross_entropy")
    return [{key: row[key] for key in kept} for row in rows]


def test_two_ranks_give_the_curve_of_one_with_twice_the_batch(tiny_data: Path, tmp_path: Path) -> None:
    alone = train(tiny_data, tmp_path / "alone", 1, "--set", "batch_poems=32", "--set", "epochs=3")
    assert alone.returncode == 0, alone.stderr
    expected = curve(tmp_path / "alone")

    begun = train(tiny_data, tmp_path / "two", 2, "--set", "batch_poems=16", "--set", "epochs=3", "--minutes", "0")
    assert begun.returncode == 0, begun.stderr
    resumed = train(tiny_data, tmp_path / "two", 2, "--set", "batch_poems=16", "--set", "epochs=3", "--resume")
    assert resumed.returncode == 0, resumed.stderr
    found = curve(tmp_path / "two")
    assert [row["tokens"] for row in found] == [row["tokens"] for row in expected]
    for ours, theirs in zip(found, expected, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-5)
    # Rank 0 alone speaks.
    assert resumed.stderr.count("epoch   3") == 1


def test_a_last_batch_with_fewer_poems_than_ranks_counts_like_any(tiny_data: Path, tmp_path: Path) -> None:
    # 280 poems are three batches of 93 and one poem, which leaves two of three ranks without.
    alone = train(tiny_data, tmp_path / "alone", 1, "--set", "batch_poems=93", "--set", "epochs=2")
    assert alone.returncode == 0, alone.stderr
    three = train(tiny_data, tmp_path / "three", 3, "--set", "batch_poems=31", "--set", "epochs=2")
    assert three.returncode == 0, three.stderr
    found, expected = curve(tmp_path / "three"), curve(tmp_path / "alone")
    assert [(row["updates"], row["tokens"]) for row in found] == [(4, 7000), (8, 14000)]
    for ours, theirs in zip(found, expected, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-5)


def test_ranks_whose_clocks_differ_stay_together(tiny_data: Path, tmp_path: Path) -> None:
    (tmp_path / "poet.py").write_text(AS_ON_A_GPU)
    settings = ("--set", "batch_poems=16", "--set", "epochs=2")
    two = train(tiny_data, tmp_path / "two", 2, *settings, poet=tmp_path / "poet.py")
    assert two.returncode == 0, two.stderr
    alone = train(tiny_data, tmp_path / "alone", 1, "--set", "batch_poems=32", "--set", "epochs=2")
    assert alone.returncode == 0, alone.stderr
    for ours, theirs in zip(curve(tmp_path / "two"), curve(tmp_path / "alone"), strict=True):
        assert ours == pytest.approx(theirs, rel=1e-5)
