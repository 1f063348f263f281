"""`poet scoreboard` as a person types it."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from poetcore.cli import app
from poetcore.corpus import TEST, PreparedCorpus
from poetcore.evaluation.scoreboard import board

GOOD = "白日依山盡，黃河入海流。欲窮千里目，更上一層樓。"


def scoreboard(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["scoreboard", *map(str, words)])


def test_every_figure_with_a_corpus(
    corpus: PreparedCorpus, written: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board, "learn_association", lambda data, half: None)
    poems = corpus.select(TEST).tolist()[:60]
    path = written(*((corpus.text(poem), corpus.titles[poem]) for poem in poems))
    words = (path, "--data", corpus.folder, "--cache", tmp_path / "cache", "--from-corpus", "--no-neural", "--json")
    result = scoreboard(*words)
    assert result.exit_code == 0, result.output
    assert result.stdout.count("\n") == 1
    figures = json.loads(result.stdout)
    assert (figures["poems"], figures["format_ok"], figures["ngram_poems"]) == (60, 1.0, 60)
    assert figures["copied_lines"] == 0
    assert figures["ngram_auc"] == pytest.approx(0.5, abs=0.25)
    assert figures["reasons"]["neural_auc"] == "left out by --no-neural"
    assert figures["reasons"]["title_relevance"] == "the corpus has too few poems with titles"


def test_without_torch_the_reader_is_null_and_says_so(
    corpus: PreparedCorpus, written: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board, "find_spec", lambda name: None)
    path = written(("白日依山盡", None))
    figures = json.loads(scoreboard(path, "--reference", path, "--json").stdout)
    assert figures["neural_auc"] is None
    assert figures["reasons"]["neural_auc"].startswith("needs torch")


def test_people_see_a_line_a_figure(written: Callable[..., Path]) -> None:
    shown = scoreboard(written((GOOD, "樓"))).stdout.splitlines()
    assert "all three: 1.0000" in shown
    assert "copied lines: needs the corpus: give --data (made by poet prepare)" in shown


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"text": "x"}\n{\n', "line 2 is not valid JSON"),
        (b"", "holds no poems"),
        (b'{"text": "\\ud800"}', "line 1: 'text' holds half a character"),
        (b'{"text": "\xff"}', "line 1 is not UTF-8"),
    ],
)
def test_a_bad_file_is_one_line(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "poems.jsonl"
    path.write_bytes(content)
    result = scoreboard(path, "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_a_file_whose_name_is_no_text_is_measured(words: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xff.jsonl")
    path.write_text(json.dumps({"text": GOOD}), encoding="utf-8")
    result = scoreboard(path, *words)
    assert (result.exit_code, result.stderr) == (0, "")
    assert f"{tmp_path}/\ufffd.jsonl" in result.stdout


@pytest.mark.parametrize("option", ["--data", "--reference", "--judge"])
def test_what_is_missing_is_one_line(option: str, written: Callable[..., Path], tmp_path: Path) -> None:
    result = scoreboard(written((GOOD, None)), option, tmp_path / "nowhere", "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "nowhere" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_collection_that_is_not_there_is_named(corpus: PreparedCorpus, written: Callable[..., Path]) -> None:
    result = scoreboard(written((GOOD, None)), "--data", corpus.folder, "--collections", "song", "--json")
    assert result.exit_code == 1
    assert "holds tang but not song" in result.stderr
