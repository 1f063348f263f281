"""`poet scan`: JSONL in, JSONL out; or poems as people write them, marked for people."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from poetcore.cli import app

GOOD = "白日依山盡，黃河入海流。欲窮千里目，更上一層樓。"
BAD = "白日依山盡，黃河入山流。欲窮千里目，更上一層樓。"


def scanned(*words: str | Path, given: str | bytes = "") -> Result:
    return CliRunner().invoke(app, ["scan", *map(str, words)], input=given)


def jsonl(*texts: str) -> str:
    return "".join(json.dumps({"text": text, "title": None}) + "\n" for text in texts)


@pytest.mark.parametrize("words", [[], ["-"], ["FILE"]])
def test_one_object_a_poem_in_order_from_a_file_or_standard_input(words: list[str], tmp_path: Path) -> None:
    path = tmp_path / "poems.jsonl"
    path.write_text(jsonl(GOOD, BAD, "hello"), encoding="utf-8")
    result = scanned(*(path if word == "FILE" else word for word in words), "--json", given=path.read_text("utf-8"))
    assert (result.exit_code, result.stderr) == (0, "")
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(poem["text"], poem["form"], poem["tone_ok"]) for poem in found] == [
        (GOOD, "五絕", True),
        (BAD, "五絕", False),
        ("hello", None, False),
    ]
    assert list(found[0])[:7] == ["text", "form", "format_ok", "tone_ok", "rhyme_ok", "strict", "problems"]
    assert found[1]["problems"] == [
        {
            "line": 2,
            "position": 4,
            "rule": "tone",
            "message": "山 is level where the pattern wants an oblique tone.",
        }
    ]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (jsonl(GOOD) + "{\n" + jsonl(GOOD), "error: standard input line 2 is not valid JSON"),
        (GOOD, "error: standard input line 1 is not valid JSON"),
        ('{"text": 7}', "error: standard input line 1: 'text' should be a string, found int"),
        ('{"text": "\\ud800"}', "error: standard input line 1: 'text' holds half a character"),
        ("", "error: standard input holds no poems"),
        (" \n\n", "error: standard input holds no poems"),
        (b'{"text": "\xff"}', "error: standard input line 1 is not UTF-8"),
    ],
)
def test_what_is_no_jsonl_is_one_line_and_nothing_is_printed(given: str | bytes, message: str) -> None:
    result = scanned("--json", given=given)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(message)
    assert result.stderr.count("\n") == 1


def test_errors_without_json_are_one_line_too(tmp_path: Path) -> None:
    for result in (
        scanned(tmp_path / "nothing"),
        scanned(tmp_path),
        scanned(given=""),
        scanned(given=b"\xff"),
        scanned(given="{"),
    ):
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith("error: ")
        assert result.stderr.count("\n") == 1


def test_people_see_the_tones_under_the_characters_and_the_problems() -> None:
    assert scanned(given=jsonl(BAD)).stdout.splitlines() == [
        "五絕 仄起首句不入韻: the tones do not fit, it rhymes (尤)",
        "白日依山盡",
        "仄仄平平仄",
        "黃河入山流",
        "平平仄平平",
        "欲窮千里目",
        "仄平平仄仄",
        "更上一層樓",
        "中仄仄平平",
        "line 2, position 4: 山 is level where the pattern wants an oblique tone.",
    ]


def test_people_may_type_poems_as_they_are() -> None:
    shown = scanned(given="\ufeff白日依山盡\n黃河入海流\n欲窮千里目\n更上一層樓\n\n \n[red]春\n").stdout
    assert shown.startswith("五絕 仄起首句不入韻: the tones fit, it rhymes (尤)\n白日依山盡\n")
    assert shown.endswith(
        "\n中仄仄平平\n\nno form\nred春\n？？？平\n"
        "line 1, position 1: The poem has 1 line where regulated verse has 4 or 8.\n"
    )
