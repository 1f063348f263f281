"""Two processes that train as one."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from poetcore.training.checkpoints import load_checkpoint

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

# As a power cut after seven updates, each of which was saved.
STOPPING = """
from poetcore.cli import app
from poetcore.training import learner, loop
loop._SAVE_EVERY_S = 0.0
update = learner.Learner.update
def stopping(self, number, *arguments, **named):
    if number == 7:
        raise SystemExit(9)
    return update(self, number, *arguments, **named)
learner.Learner.update = stopping
app()
"""

# Who is left when all is done.
LEAVING = """
import os
from pathlib import Path
from poetcore.cli import app
try:
    app()
finally:
    threads = [path.read_text().strip() for path in Path("/proc/self/task").glob("*/comm")]
    Path(f"threads-{os.environ['RANK']}").write_text(" ".join(threads))
"""

POET = Path(sys.executable).with_name("poet")


def train(
    data: Path, out: Path, ranks: int, *arguments: str, poet: Path = POET, logs: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """`poet train` by so many ranks; what each writes to stderr goes to a file of its own below `logs`."""
    launcher = [] if ranks == 1 else ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={ranks}"]
    launcher += [] if logs is None else [f"--log-dir={logs}", "--redirects=3"]
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

    two = train(tiny_data, tmp_path / "two", 2, "--set", "batch_poems=16", "--set", "epochs=3")
    assert two.returncode == 0, two.stderr
    found = curve(tmp_path / "two")
    assert [row["tokens"] for row in found] == [row["tokens"] for row in expected]
    for ours, theirs in zip(found, expected, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-5)
    # Rank 0 alone speaks.
    assert two.stderr.count("epoch   3") == 1


def test_two_ranks_that_were_stopped_go_on_to_the_same_curve(tiny_data: Path, tmp_path: Path) -> None:
    # Momenta and dropped units: what a checkpoint has to keep of each rank.
    settings = (
        *("--set", "batch_poems=16", "--set", "epochs=2", "--set", "optimiser=adam"),
        *("--set", "dropout=0.3", "--set", "learning_rate=0.05"),
    )
    unbroken = train(tiny_data, tmp_path / "unbroken", 2, *settings)
    assert unbroken.returncode == 0, unbroken.stderr
    (tmp_path / "poet.py").write_text(STOPPING)
    assert train(tiny_data, tmp_path / "two", 2, *settings, poet=tmp_path / "poet.py").returncode != 0
    assert load_checkpoint(tmp_path / "two" / "checkpoints").state["updates"] == 7
    resumed = train(tiny_data, tmp_path / "two", 2, *settings, "--resume")
    assert resumed.returncode == 0, resumed.stderr
    for ours, theirs in zip(curve(tmp_path / "two"), curve(tmp_path / "unbroken"), strict=True):
        assert ours == pytest.approx(theirs, rel=1e-6)
    alone = train(tiny_data, tmp_path / "two", 1, *settings, "--resume")
    assert (alone.returncode, alone.stderr.count("\n")) == (1, 1)
    assert "was begun with processes=2, not 1" in alone.stderr


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are listed by Linux")
def test_no_thread_of_the_ranks_outlives_the_training(
    tiny_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It could let go of a tensor while the interpreter ends, which aborts the process.
    monkeypatch.chdir(tmp_path)
    Path("poet.py").write_text(LEAVING)
    settings = ("--set", "batch_poems=16", "--set", "epochs=1")
    two = train(tiny_data, tmp_path / "two", 2, *settings, poet=tmp_path / "poet.py")
    assert two.returncode == 0, two.stderr
    for rank in range(2):
        assert "gloo" not in Path(f"threads-{rank}").read_text()


def test_what_rank_0_refuses_is_one_line_and_the_others_are_silent(tiny_data: Path, tmp_path: Path) -> None:
    # 280 training poems: enough for one process.
    refused = train(tiny_data, tmp_path / "run", 2, "--set", "batch_poems=200", logs=tmp_path / "logs")
    assert refused.returncode != 0
    said = {path.parent.name: path.read_text() for path in (tmp_path / "logs").rglob("stderr.log")}
    assert said["0"].count("\n") == 1
    assert "280 training poems: too few for batches of 200 (batch_poems) times 2 processes" in said["0"]
    assert said["1"] == ""
    assert not (tmp_path / "run").exists()


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
