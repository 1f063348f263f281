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


def train(data: Path, out: Path, ranks: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    launcher = [] if ranks == 1 else ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={ranks}"]
    poet = str(Path(sys.executable).with_name("poet"))
    return subprocess.run(
        [sys.executable, *launcher, poet, "train", "--data", str(data), "--out", str(out), *SETTINGS, *arguments],
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
