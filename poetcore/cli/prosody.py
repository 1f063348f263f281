"""The command that judges form, tone and rhyme: scan."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from poetcore.commandline import print_json

if TYPE_CHECKING:
    from rich.text import Text

    from poetcore.prosody import Scansion


def scan(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE|-", help='JSONL of {"text": …} lines; standard input if not given.')
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a poem.")] = False,
) -> None:
    """Scan poems: form, tones and rhyme, and every problem by line and position.

    Without --json poems may also be given as plain text, with an empty line between two.
    """
    from poetcore.prosody import scan as scan_poem

    scansions = map(scan_poem, _texts(*_read(file), plain_too=not json))
    if json:
        for scansion in scansions:
            print_json(scansion.as_dict())
        return
    from rich.console import Console

    console = Console(markup=False, highlight=False, soft_wrap=True)
    for number, scansion in enumerate(scansions):
        console.print(*([""] * bool(number)), *_shown(scansion), sep="\n")


def _read(file: Path | None) -> tuple[str, bytes]:
    """What messages call the input, and its bytes."""
    from poetcore.errors import InputError

    if file is None or file == Path("-"):
        return "standard input", sys.stdin.buffer.read()
    try:
        return str(file), file.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror or error}") from error


def _texts(name: str, content: bytes, plain_too: bool) -> list[str]:
    from poetcore.errors import InputError
    from poetcore.evaluation.jsonl import parse_poems

    begin = content.removeprefix(b"\xef\xbb\xbf").strip()
    if not plain_too or not begin or begin.startswith(b"{"):
        return [poem.text for poem in parse_poems(content, name)]
    try:
        text = begin.decode()
    except UnicodeDecodeError as error:
        raise InputError(f"{name} is not UTF-8 text (byte {error.start + 1})") from error
    return [poem for poem in _paragraphs(text) if poem]


def _paragraphs(text: str) -> Iterator[str]:
    lines: list[str] = []
    for line in text.splitlines():
        if line.strip():
            lines.append(line)
        else:
            yield "\n".join(lines)
            lines = []
    yield "\n".join(lines)


def _shown(scansion: "Scansion") -> "Iterator[str | Text]":
    """A verdict, then each line with its tones under it, then the problems."""
    from rich.text import Text

    yield _verdict(scansion)
    wrong = {(problem.line, problem.position) for problem in scansion.problems}
    for number, (line, tones) in enumerate(zip(scansion.lines, scansion.tones, strict=True), 1):
        yield Text(line, style="bold")
        yield Text.assemble(
            *((tone, "red" if (number, position) in wrong else "dim") for position, tone in enumerate(tones, 1))
        )
    for problem in scansion.problems:
        yield f"line {problem.line}, position {problem.position}: {problem.message}"


def _verdict(scansion: "Scansion") -> str:
    if scansion.form is None or scansion.pattern is None:
        return "no form"
    tone = "the tones fit" if scansion.tone_ok else "the tones do not fit"
    rhyme = "it rhymes" if scansion.rhyme_ok else "it does not rhyme"
    group = f" ({scansion.rhyme_group})" if scansion.rhyme_group else ""
    return f"{scansion.form.name} {scansion.pattern.name}: {tone}, {rhyme}{group}"
