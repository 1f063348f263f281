"""Read `ratings.jsonl`, as `poetbot export-ratings` prints it: one rating of one poem by one reader a line."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from poetcore.errors import InputError
from poetcore.prosody.text import is_hanzi

_BOM: Final = b"\xef\xbb\xbf"
# Of an export without times, all ratings are of one moment.
_NO_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Rating:
    """What one reader said of one poem."""

    text: str
    """The poem in traditional script, without space."""
    title: str
    """What the reader wanted it to be about; empty if nothing."""
    prefix: str
    """The reader's beginning; empty if none."""
    liked: bool
    rater: str
    poet: str
    """Version that wrote the poem; empty if not known."""
    at: datetime


def read_ratings(path: Path) -> list[Rating]:
    """The ratings in `path`; raises `InputError` for what cannot be opened and for the first broken line."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    return parse_ratings(content, str(path))


def parse_ratings(content: bytes, name: str) -> list[Rating]:
    """The ratings in `content`, in its order; blank lines are skipped, unknown keys ignored. None at all is fine.

    `name` is what messages call the content. Raises `InputError` with the line's number for a line that is not UTF-8,
    not JSON, not an object, that lacks `text`, `rating` or `rater`, or has a value that is none of these.
    """
    lines = content.removeprefix(_BOM).split(b"\n")
    return [_rating(f"{name} line {number}", line) for number, line in enumerate(lines, start=1) if line.strip()]


def _rating(place: str, line: bytes) -> Rating:
    try:
        entry = json.loads(line.decode())
    except UnicodeDecodeError as error:
        raise InputError(f"{place} is not UTF-8 (byte {error.start + 1} of the line)") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{place} is not valid JSON ({error})") from error
    if not isinstance(entry, dict):
        raise InputError(f"{place} should be an object with text, rating and rater, found {type(entry).__name__}")
    if missing := [key for key in ("text", "rating", "rater") if entry.get(key) is None]:
        raise InputError(f"{place} has no {missing[0]!r}")
    rating = entry["rating"]
    if isinstance(rating, bool) or rating not in (1, -1):
        raise InputError(f"{place}: 'rating' should be 1 or -1, found {json.dumps(rating)}")
    text = "".join(_string(place, "text", entry).split())
    if not any(map(is_hanzi, text)):
        raise InputError(f"{place}: the text has no Chinese character")
    return Rating(
        text=text,
        title="".join(_string(place, "title", entry).split()),
        prefix="".join(_string(place, "prefix", entry).split()),
        liked=rating == 1,
        rater=_string(place, "rater", entry),
        poet=_string(place, "poet", entry),
        at=_moment(place, _string(place, "at", entry)),
    )


def _string(place: str, key: str, entry: dict[str, Any]) -> str:
    value = entry.get(key) or ""
    # Numbers are fine names of raters.
    if key == "rater" and isinstance(entry[key], int):
        value = str(entry[key])
    if not isinstance(value, str):
        raise InputError(f"{place}: {key!r} should be a string, found {type(value).__name__}")
    return value


def _moment(place: str, text: str) -> datetime:
    if not text:
        return _NO_TIME
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"{place}: 'at' should be a time such as 2026-11-24T09:00:00+00:00, found {text!r}") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
