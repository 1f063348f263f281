"""Reading ratings: what is taken, and how a broken line is named."""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poetcore.errors import InputError
from poetcore.training.preference.ratings import Rating, parse_ratings, read_ratings

LINE = (
    '{"text":"白日依山盡，黃河入海流。","form":null,"title":"登樓","prefix":"白日","rating":-1,'
    '"rater":"7","poet":"base-1","at":"2026-11-24T09:00:00+00:00"}'
)


def test_a_line_as_the_bot_writes_it() -> None:
    (rating,) = parse_ratings(LINE.encode() + b"\n\n", "file")
    assert rating == Rating(
        text="白日依山盡，黃河入海流。",
        title="登樓",
        prefix="白日",
        liked=False,
        rater="7",
        poet="base-1",
        at=datetime(2026, 11, 24, 9, tzinfo=UTC),
    )


def test_the_least_that_a_line_needs() -> None:
    (rating,) = parse_ratings('{"text":"月\\n落。","rating":1,"rater":12}'.encode(), "file")
    assert (rating.text, rating.liked, rating.rater, rating.poet, rating.title) == ("月落。", True, "12", "", "")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"\xff", "file line 2 is not UTF-8 (byte 1 of the line)"),
        (b"{", "file line 2 is not valid JSON"),
        (b"[1]", "file line 2 should be an object with text, rating and rater, found list"),
        (b'{"rating":1,"rater":"a"}', "file line 2 has no 'text'"),
        ('{"text":"月","rater":"a"}'.encode(), "file line 2 has no 'rating'"),
        ('{"text":"月","rating":1}'.encode(), "file line 2 has no 'rater'"),
        ('{"text":"月","rating":2,"rater":"a"}'.encode(), "file line 2: 'rating' should be 1 or -1, found 2"),
        ('{"text":"月","rating":true,"rater":"a"}'.encode(), "file line 2: 'rating' should be 1 or -1, found true"),
        (b'{"text":"moon","rating":1,"rater":"a"}', "file line 2: the text has no Chinese character"),
        ('{"text":["月"],"rating":1,"rater":"a"}'.encode(), "file line 2: 'text' should be a string, found list"),
        ('{"text":"月","rating":1,"rater":"a","at":"noon"}'.encode(), "file line 2: 'at' should be a time"),
    ],
)
def test_a_broken_line_is_named(line: bytes, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_ratings(LINE.encode() + b"\n" + line + b"\n", "file")
    assert str(caught.value).startswith(message)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read .*none\.jsonl: No such file"):
        read_ratings(tmp_path / "none.jsonl")


@given(st.binary(max_size=200))
def test_nothing_but_an_input_error_comes_of_junk(content: bytes) -> None:
    with suppress(InputError):
        parse_ratings(content, "file")
