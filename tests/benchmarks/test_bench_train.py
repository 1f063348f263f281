"""`poet bench train` as a person types it."""

import json
import math
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

import poetcore
from benchmarks import train
from benchmarks.__main__ import main as write_document
from benchmarks.memory import MemoryRequest, peak_in_own_process
from poetcore.cli import app
from poetcore.errors import TrainingError

FIGURES = {
    "seed_tokens_per_s",
    "seed_gemm_share",
    "seed_gemm",
    "base_tokens_per_s",
    "base_gemm_share",
    "base_gemm",
    "layer_against_float32",
    "layer_against_bfloat16",
    "seed_peak_memory",
    "seed_validation_loss",
}


def test_json_has_machine_baseline_ours_and_ratio(monkeypatch: pytest.MonkeyPatch) -> None:
    # As quick, but learning: after four updates at 0.001 a loop that learns nothing would be within a hundredth too.
    learning = replace(train.QUICK, loss_updates=6, assignments=(*train.QUICK.assignments, "learning_rate=0.05"))
    monkeypatch.setattr(train, "QUICK", learning)
    result = CliRunner().invoke(app, ["bench", "train", "--quick", "--json"])
    assert result.exit_code == 0, result.output
    assert result.stdout.count("\n") == 1
    found = json.loads(result.stdout)
    assert found["machine"]["cores"] >= 1
    for side in ("baseline", "ours", "ratio"):
        assert set(found[side]) >= FIGURES
        assert all(value > 0 for value in found[side].values())
    for figure in found["figures"].values():
        assert figure["ratio"]["min"] <= figure["ratio"]["median"] <= figure["ratio"]["max"]
        assert figure["goal"] is None
    # The vocabulary of --quick has 200 tokens, and a model that knows nothing finds each as likely.
    assert found["ours"]["seed_validation_loss"] < 0.8 * math.log(200)
    assert found["ratio"]["seed_validation_loss"] == pytest.approx(1, abs=0.01)
    assert any("invented corpus" in note for note in found["notes"])


def test_without_the_checkout_it_says_where_the_benchmarks_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poetcore, "__file__", str(tmp_path / "site-packages" / "poetcore" / "__init__.py"))
    result = CliRunner().invoke(app, ["bench", "train", "--quick"])
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("error: poet bench needs the source checkout")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["bench"], 2, "Missing command"),
        (["bench", "trian"], 2, "Did you mean 'train'"),
        (["bench", "train", "--rounds", "0"], 2, "--rounds"),
        (["bench", "train", "--quick", "--data", "nowhere"], 1, "nowhere is no prepared corpus"),
    ],
)
def test_an_error_is_one_line(words: list[str], status: int, message: str) -> None:
    result = CliRunner().invoke(app, words)
    assert result.exit_code == status
    assert result.stdout == ""
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_process_that_cannot_measure_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 'Traceback' >&2\necho 'MemoryError: 9 GB' >&2\nexit 1\n", encoding="ascii")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    request = MemoryRequest("ours", "seed", (), None, synthetic_poems=400, updates=1)
    with pytest.raises(TrainingError, match="memory of the ours loop failed: MemoryError: 9 GB"):
        peak_in_own_process(request)


def test_make_bench_without_its_data_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = tmp_path / "benchmarks.md"
    assert write_document(["--quick", "--data", str(tmp_path), "--out", str(document)]) == 1
    assert "no prepared corpus" in capsys.readouterr().err
    assert not document.exists()
