"""Read poems from JSONL, one object with `text` a line, as any other system may have written it."""

import json
from dataclasses import dataclass
from pathlib import Path

from poetcore.errors import InputError

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class PoemRecord:
    """One line of the file."""

    line: int
    """Counted from 1, blank lines included."""
    text: str
    title: str | None


def read_poems(path: Path) -> list[PoemRecord]:
    """The poems in `path`, as `parse_poems` reads them; raises `InputError`, also for what cannot be opened."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    return parse_poems(content, str(path))


def parse_poems(content: bytes, name: str) -> list[PoemRecord]:
    """The poems in `content`; blank lines are skipped, keys other than `text` and `title` ignored.

    `name` is what messages call the content. Raises `InputError` with the line's number for a line that is not UTF-8,
    not JSON, not an object, or whose `text` is missing, not a string, or not writable as UTF-8.
    """
    lines = content.removeprefix(_BOM).split(b"\n")
    records = [_record(f"{name} line {number}", number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not records:
        raise InputError(f'{name} holds no poems: it should have an object such as {{"text": "…"}} on each line')
    return records


def _record(place: str, number: int, line: bytes) -> PoemRecord:
    try:
        entry = json.loads(line.decode())
    except UnicodeDecodeError as error:
        raise InputError(f"{place} is not UTF-8 (byte {error.start + 1} of the line)") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{place} is not valid JSON ({error})") from error
    if not isinstance(entry, dict):
        raise InputError(f"{place} should be an object with a text, found {type(entry).__name__}")
    if "text" not in entry:
        raise InputError(f"{place} has no 'text'")
    title = entry.get("title")
    if title is not None:
        title = _string(place, "title", title)
    return PoemRecord(number, _string(place, "text", entry["text"]), title)


def _string(place: str, key: str, value: object) -> str:
    if not isinstance(value, str):
        raise InputError(f"{place}: {key!r} should be a string, found {type(value).__name__}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"{place}: {key!r} holds half a character ({error.object[error.start]!a})") from error
    return value
