"""JSONL of poems: read whatever is well-formed, name the line of whatever is not."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from poetcore.errors import InputError
from poetcore.evaluation.jsonl import PoemRecord, read_poems


def written(folder: Path, content: bytes) -> Path:
    path = folder / "poems.jsonl"
    path.write_bytes(content)
    return path


def test_poems_are_read_with_their_lines(tmp_path: Path) -> None:
    content = '\ufeff{"text": "月明。", "title": "夜", "rating": 1}\r\n\n  \n{"text": "花\u2028落", "title": null}'
    assert read_poems(written(tmp_path, content.encode())) == [
        PoemRecord(1, "月明。", "夜"),
        PoemRecord(4, "花\u2028落", None),
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{", "line 2 is not valid JSON"),
        (b"[" * 100_000, "line 2 is not valid JSON"),
        (b"[1]", "line 2 should be an object with a text, found list"),
        (b"7", "line 2 should be an object with a text, found int"),
        (b"{}", "line 2 has no 'text'"),
        (b'{"text": 7}', "line 2: 'text' should be a string, found int"),
        (b'{"text": null}', "line 2: 'text' should be a string, found NoneType"),
        (b'{"text": "x", "title": 7}', "line 2: 'title' should be a string, found int"),
        (b'{"text": "\xff"}', r"line 2 is not UTF-8 \(byte 11 of the line\)"),
        (b'{"text": "\\ud800"}', r"line 2: 'text' holds half a character \('\\ud800'\)"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: bytes, message: str) -> None:
    path = written(tmp_path, b'{"text": "x"}\n' + line + b'\n{"text": "y"}\n')
    with pytest.raises(InputError, match=message):
        read_poems(path)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputError, match="holds no poems"):
        read_poems(written(tmp_path, content))


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read"):
        read_poems(tmp_path / "nothing.jsonl")
    with pytest.raises(InputError, match="cannot read"):
        read_poems(tmp_path)


@given(st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path, content)
    try:
        assert read_poems(path)
    except InputError as error:
        reason = str(error)
    else:
        return
    assert str(path) in reason
