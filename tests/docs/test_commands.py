"""What the documents tell to type: it exists, it runs, and it prints what they say."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
import typer.main

from bot.cli import app as poetbot
from poetcore.cli import app as poet
from tests.docs.documents import DOCUMENTS, ROOT, Block, blocks_of, mentioned

PROGRAMS: Final = {"poet": typer.main.get_command(poet), "poetbot": typer.main.get_command(poetbot)}
MARK: Final = re.compile(r"run|run: soak|not run: .+")
# The twin's are the same, see below.
BLOCKS: Final = [block for document in DOCUMENTS if document.name != "README.zh.md" for block in blocks_of(document)]


def marked(mark: str) -> list[object]:
    return [pytest.param(block, id=block.place) for block in BLOCKS if block.mark == mark]


def test_the_chinese_readme_has_the_commands_of_the_english_one() -> None:
    english, chinese = (
        [(block.mark, block.commands, block.output) for block in blocks_of(ROOT / name)]
        for name in ("README.md", "README.zh.md")
    )
    assert english
    assert english == chinese


def test_every_block_says_whether_it_can_be_run() -> None:
    assert [block.place for block in BLOCKS if not MARK.fullmatch(block.mark or "")] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_and_their_options_exist(document: Path) -> None:
    for call in mentioned(document):
        program, *words = shlex.split(call, comments=True)
        command = PROGRAMS[program]
        while (below := getattr(command, "commands", None)) and words and not words[0].startswith("-"):
            # `poets list|promote|rollback` names three at once.
            names = words.pop(0).split("|")
            assert set(names) <= below.keys(), f"{call}: there is no such command"
            command = below[names[0]]
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        asked = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert asked <= known, f"{call}: there is no {asked - known}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_make_has_the_targets(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    told = re.findall(r"(?:^|`|=\S+ )make ([a-z-]+)", document.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(told) <= targets


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_nothing_is_installed_from_an_index_that_does_not_have_it(document: Path) -> None:
    assert re.findall(r"pip install [^\n`]*\byuexia\[", document.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("block", marked("run"))
def test_a_block_runs(block: Block, tmp_path: Path) -> None:
    printed = run(block, tmp_path)
    if block.output is not None:
        assert printed == block.output


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("block", marked("run: soak"))
def test_a_long_block_runs(block: Block, tmp_path: Path, tiny_source: Path) -> None:
    (tmp_path / "chinese-poetry").symlink_to(tiny_source)
    run(block, tmp_path)


def run(block: Block, folder: Path) -> str:
    """Run a block as a person in an empty folder would, and stop at the first command that fails."""
    known = {name: value for name, value in os.environ.items() if not name.startswith(("YUEXIA_", "TELEGRAM_"))}
    path = f"{Path(sys.executable).parent}:{known['PATH']}"
    told = {**known, "PATH": path, "YUEXIA_HOME": str(folder / "home"), "LC_ALL": "C.UTF-8"}
    shell = ["bash", "-e", "-u", "-o", "pipefail", "-c", block.commands]
    done = subprocess.run(shell, cwd=folder, env=told, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
