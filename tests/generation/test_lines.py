"""The filter of the corpus's lines."""

import numpy as np
import pytest

from poetcore.errors import PackageError
from poetcore.generation.lines import LineFilter


def points(*lines: str) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint64]]":
    return np.array([[ord(char) for char in line] for line in lines], np.uint64)


def numbered(length: int, count: int, first: int = 0) -> list[str]:
    """Lines of `length` that differ in two places."""
    return [chr(0x4E00 + n % 500) + "春" * (length - 2) + chr(0x4E00 + n // 500) for n in range(first, first + count)]


def test_a_line_of_the_corpus_is_always_found_and_few_others_are() -> None:
    known = numbered(5, 4_000) + numbered(7, 4_000)
    lines = LineFilter.of([*known, "春", "夏秋冬夏秋冬"])
    assert len(lines.bits) == 10_000
    assert lines.holds(points(*known[:4_000])).all()
    assert lines.holds(points(*known[4_000:])).all()
    others = lines.holds(points(*numbered(5, 20_000, first=4_000)))
    assert 0 < others.mean() < 0.02


def test_a_filter_comes_back_from_its_bytes() -> None:
    lines = LineFilter.of(["春眠不覺曉"])
    again = LineFilter.from_bytes(lines.to_bytes())
    assert again.holds(points("春眠不覺曉", "春眠不覺晚")).tolist() == [True, False]


@pytest.mark.parametrize("content", [b"", b"\x00" * 20])
def test_other_bytes_are_no_filter(content: bytes) -> None:
    with pytest.raises(PackageError, match="holds no filter of lines"):
        LineFilter.from_bytes(content)
