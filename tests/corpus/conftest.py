"""A small collection in the layout of chinese-poetry; its poems are nonsense made of a few characters."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

Poem = dict[str, object]


def invented(number: int) -> Poem:
    """Poem `number` of as many different ones as are wanted, four lines of five hanzi."""
    hanzi = [chr(0x4E00 + (number * 37 + place * 101 + number * place) % 3000) for place in range(20)]
    lines = ["".join(hanzi[start : start + 5]) for start in range(0, 20, 5)]
    return {
        "author": "佚名",
        "title": f"其{number}",
        "paragraphs": [f"{lines[0]}，{lines[1]}。", f"{lines[2]}，{lines[3]}。"],
    }


@pytest.fixture
def collection(tmp_path: Path) -> Callable[..., Path]:
    """Writes a collection folder from lists of poems."""

    def write(tang: Sequence[Poem], song: Sequence[Poem] = ()) -> Path:
        folder = tmp_path / "chinese-poetry"
        (folder / "全唐诗").mkdir(parents=True, exist_ok=True)
        for name, poems in (("tang", tang), ("song", song)):
            if poems:
                path = folder / "全唐诗" / f"poet.{name}.0.json"
                path.write_text(json.dumps(poems, ensure_ascii=False), encoding="utf-8")
        return folder

    return write


@pytest.fixture
def invented_poems() -> list[Poem]:
    """Four hundred different poems."""
    return [invented(number) for number in range(400)]
