"""`poet` as a person types it: the whole way from a collection to a poem, and every error in one line."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from poetcore.cli import app
from poetcore.generation.poet import PRETRAINED
from poetcore.prosody import FORMS

Poet = Callable[..., Result]

TINY = ["vocabulary_size=60", "embedding_size=8", "hidden_size=8", "batch_poems=16", "epochs=1"]


@pytest.fixture
def poet() -> Poet:
    """Runs a `poet` command in this process."""
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


def one_line(result: Result, status: int) -> str:
    """The single line of a reported failure."""
    assert result.exit_code == status, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


def test_from_the_collection_to_a_poem(poet: Poet, tiny_source: Path, tmp_path: Path) -> None:
    data, run, package = tmp_path / "data", tmp_path / "run", tmp_path / "poet"
    assert poet("prepare", tiny_source, "--out", data, "--collections", "tang").exit_code == 0
    settings = [word for assignment in TINY for word in ("--set", assignment)]
    trained = poet("train", "--data", data, "--preset", "seed", "--out", run, *settings)
    assert trained.exit_code == 0, trained.output
    assert "perplexity" in trained.stderr
    assert poet("train", "--data", data, "--out", run, "--resume", *settings).exit_code == 0
    assert poet("export", run, "--out", package, "--data", data).exit_code == 0

    card = json.loads(poet("info", package, "--json").stdout)
    assert card["metrics"]["validation_tang_bits_per_hanzi"] > 0
    assert card["version"] in poet("info", package).stdout
    assert poet("export", run, "--out", tmp_path / "mean", "--average", package).exit_code == 0
    mean = json.loads(poet("info", tmp_path / "mean", "--json").stdout)
    assert mean["training"]["averaged_with"] == [card["version"]]
    assert "averaged with" in poet("info", tmp_path / "mean").stdout

    composed = poet("compose", "--poet", package, "--count", 3, "--seed", 5, "--best-of", 2, "--json")
    poems = [json.loads(line) for line in composed.stdout.splitlines()]
    assert [poem["seed"] for poem in poems] == [5, 6, 7]
    alone = json.loads(poet("compose", "--poet", package, "--seed", 6, "--best-of", 2, "--json").stdout)
    assert alone == poems[1]

    (tmp_path / "poems.jsonl").write_text("".join(json.dumps({"text": p["text"]}) + "\n" for p in poems))
    report = json.loads(poet("evaluate", "--poet", package, "--input", tmp_path / "poems.jsonl", "--json").stdout)
    assert (report["poems"], report["poet"]) == (3, card["version"])
    assert report["bits_per_hanzi"] > 0


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        ([], 2, "Missing command"),
        (["sing"], 2, "No such command 'sing'"),
        (["compose", "--frm", "x"], 2, "--form"),
        (["compose", "月", "--count", "0"], 2, "--count"),
        (["compose", "月", "--form", "八絕"], 2, "五絕 七絕 五律 七律"),
        (["compose", "月", "--script", "latin"], 2, "hant or hans"),
        (["compose", "月", "--seed", str(2**63)], 2, "--seed"),
        (["compose", "月", "--seed", str(2**63 - 1), "--count", "2"], 1, "seed must be a whole number"),
        (["compose", "月", "--poet", "nowhere"], 1, "nowhere"),
        (["prepare", "nowhere", "--out", "data"], 1, "does not exist"),
        (["prepare", "nowhere", "--out", "data", "--collections", "ming"], 2, "tang, song"),
        (["train", "--data", "nowhere", "--out", "run"], 1, "no prepared corpus"),
        (["train", "--data", "nowhere", "--out", "run", "--preset", "sed"], 2, "did you mean 'seed'"),
        (["train", "--data", "nowhere", "--out", "run", "--set", "hiden_size=3"], 2, "did you mean 'hidden_size'"),
        (["train", "--data", "nowhere", "--out", "run", "--minutes", "nan"], 2, "Invalid value for '--minutes'"),
        (["train", "--data", "nowhere", "--out", "run", "--minutes", "inf"], 2, "'--minutes': inf is no number"),
        (["export", "nowhere", "--out", "poet"], 1, "holds no run"),
        (["evaluate", "--input", "nowhere"], 1, "nowhere"),
        (["info", "nowhere"], 1, "nowhere"),
    ],
)
def test_an_error_is_one_line_that_says_what_to_do(
    poet: Poet, words: list[str], status: int, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert message in one_line(poet(*words), status)
    assert list(tmp_path.iterdir()) == []


def test_a_broken_source_is_one_line_and_a_path_is_shown_as_it_is(
    poet: Poet, tiny_source: Path, tmp_path: Path
) -> None:
    (tmp_path / "poet.tang.0.json").write_text("[")
    assert "not valid JSON" in one_line(poet("prepare", tmp_path, "--out", tmp_path / "d", "--collections", "tang"), 1)
    done = poet("prepare", tiny_source, "--out", tmp_path / "[red]" / "[" / "x]", "--collections", "tang")
    assert done.exit_code == 0
    assert f"in {tmp_path}/[red]/[/x]" in done.stderr
    assert done.stderr.count("\n") == 2


def test_an_interrupt_is_one_line(poet: Poet, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("poetcore.generation.Poet.compose", interrupted)
    assert one_line(poet("compose", "月"), 130) == "error: interrupted\n"


def test_a_full_disk_behind_stdout_is_one_line(poet: Poet, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("typer.echo", full)
    for words in (
        ["compose", "月", "--best-of", "1"],
        ["compose", "月", "--best-of", "1", "--json"],
        ["info", "--json"],
    ):
        assert "No space left on device" in one_line(poet(*words), 1)


def test_the_shipped_poet_writes_at_once(poet: Poet) -> None:
    poems = [
        json.loads(line) for line in poet("compose", "月", "--count", 5, "--seed", 1, "--json").stdout.splitlines()
    ]
    assert len(poems) == 5
    for poem in poems:
        assert poem["text"].startswith("月")
        assert FORMS[poem["form"]].fits(poem["text"])
        assert poem["relaxed"] == []
    shown = poet("compose", "月", "--form", "五绝", "--seed", 1).stdout
    assert shown.startswith("月")
    assert shown.count("\n") == 2


def test_an_output_that_cannot_have_hanzi_is_one_line_and_json_escapes_them() -> None:
    western = CliRunner(charset="latin-1")
    assert "an output in latin-1 cannot have '\\u6708'" in one_line(western.invoke(app, ["compose", "月"]), 1)
    escaped = western.invoke(app, ["compose", "月", "--json"])
    assert json.loads(escaped.stdout)["text"].startswith("月")


def test_a_simplified_beginning_finds_its_traditional_form(poet: Poet) -> None:
    assert json.loads(poet("compose", "红", "--seed", 1, "--json").stdout)["text"].startswith("紅")
    hans = json.loads(poet("compose", "红", "--seed", 1, "--script", "hans", "--json").stdout)
    assert hans["text"].startswith("红")


@pytest.mark.parametrize("prefix", ["", "abc", "🌙", " 。", "123"])
def test_a_beginning_without_hanzi_is_a_sentence(poet: Poet, prefix: str) -> None:
    assert "Chinese character" in one_line(poet("compose", prefix), 1)


@pytest.mark.parametrize("prefix", ["龘", "月🌙", "moon月", "月" * 100, "月，"])
def test_any_hanzi_gives_a_poem(poet: Poet, prefix: str) -> None:
    result = poet("compose", prefix, "--best-of", 2, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["text"][0] == ("龘" if prefix == "龘" else "月")


@pytest.mark.parametrize(
    ("option", "value", "name"),
    [
        ("--acrostic", "abc", "acrostic"),
        ("--acrostic", "😀", "acrostic"),
        ("--rhyme", "貓", "rhyme"),
        ("--rhyme", "屋", "rhyme"),
    ],
)
def test_what_cannot_be_had_is_given_up_and_said(poet: Poet, option: str, value: str, name: str) -> None:
    plain = poet("compose", option, value, "--best-of", 2, "--seed", 1)
    assert (plain.exit_code, plain.stderr) == (0, f"not kept: {name}\n")
    poem = json.loads(poet("compose", option, value, "--best-of", 2, "--seed", 1, "--json").stdout)
    assert poem["relaxed"] == [name]
    assert plain.stdout.replace("\n", "") == poem["text"]


def test_serving_does_not_import_torch_and_the_card_is_complete() -> None:
    code = (
        "import sys; from poetcore.cli import app; app(['compose', '月', '--seed', '1'], standalone_mode=False); "
        "app(['info'], standalone_mode=False); sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("月")
    assert "bits per hanzi" in done.stdout
    assert (PRETRAINED / "weights.safetensors").stat().st_size < 16e6
