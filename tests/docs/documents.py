"""The documents as tests read them: their shell blocks, each with what is said of running it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
DOCUMENTS: Final = (
    ROOT / "README.md",
    ROOT / "README.zh.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "deploy").glob("*.md")),
)

_BLOCK: Final = re.compile(
    r"(?:^<!-- (?P<mark>[^>]*?) -->\n)?^```sh\n(?P<commands>.*?)^```$"
    r"(?:\n\n<!-- output -->\n```text\n(?P<output>.*?)^```$)?",
    re.DOTALL | re.MULTILINE,
)
_SPAN: Final = re.compile(r"`((?:poet|poetbot) [^`\n]+)`")


@dataclass(frozen=True)
class Block:
    """A shell block, with the mark of the HTML comment above it and what it says it prints."""

    place: str
    mark: str | None
    """`run`, `run: soak`, or `not run:` and why."""
    commands: str
    output: str | None


def blocks_of(document: Path) -> Iterator[Block]:
    """A document's shell blocks, in their order."""
    text = document.read_text(encoding="utf-8")
    for match in _BLOCK.finditer(text):
        line = text.count("\n", 0, match.start("commands"))
        yield Block(f"{document.relative_to(ROOT)}:{line}", match["mark"], match["commands"], match["output"])


def mentioned(document: Path) -> Iterator[str]:
    """Every call of `poet` and `poetbot`, in shell blocks and in running text."""
    for block in blocks_of(document):
        for line in block.commands.replace("\\\n", " ").splitlines():
            for part in re.split(r"[|;]|&&", line.partition(" #")[0]):
                call = re.search(r"(?:^|\s|/)((?:poet|poetbot) .*)", part)
                if call:
                    yield call[1]
    yield from _SPAN.findall(document.read_text(encoding="utf-8").replace("\n", " "))
