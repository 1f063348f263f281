"""Read the chinese-poetry collection from its folder or from a .zip or .tar.* of it, without unpacking to disk."""

import hashlib
import json
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from poetcore.errors import CorpusError

COLLECTIONS: Final = ("tang", "song")

_POEM_FILE = re.compile(r"poet\.(?P<collection>tang|song)\.(?P<number>\d+)\.json")
# The largest file upstream has 600 KB; a member of this size is a mistake or an attack, not poems.
_LARGEST_MEMBER: Final = 8 * 2**20


@dataclass(frozen=True)
class RawPoem:
    """A poem as the collection has it."""

    collection: str
    title: str
    author: str
    text: str
    """The paragraphs joined, nothing cleaned."""


@dataclass(frozen=True)
class SourceFile:
    """One JSON file of the collection, in memory."""

    name: str
    collection: str
    number: int
    content: bytes

    def poems(self) -> list[RawPoem]:
        """The poems in this file; raises `CorpusError` for JSON that is broken or of another shape."""
        try:
            entries = json.loads(self.content)
        except (ValueError, RecursionError) as error:
            raise CorpusError(f"{self.name} is not valid JSON ({error}); fetch the collection again") from error
        if not isinstance(entries, list):
            raise CorpusError(f"{self.name} should hold a list of poems, found {type(entries).__name__}")
        return [self._poem(number, entry) for number, entry in enumerate(entries, start=1)]

    def _poem(self, number: int, entry: object) -> RawPoem:
        if not isinstance(entry, dict):
            raise CorpusError(f"{self.name}: poem {number} should be an object, found {type(entry).__name__}")
        paragraphs = entry.get("paragraphs")
        if not isinstance(paragraphs, list) or not all(isinstance(line, str) for line in paragraphs):
            raise CorpusError(f"{self.name}: poem {number} has no list of strings called 'paragraphs'")
        title, author = entry.get("title", ""), entry.get("author", "")
        if not isinstance(title, str) or not isinstance(author, str):
            raise CorpusError(f"{self.name}: poem {number} has a title or author that is not a string")
        if any("\ud800" <= char <= "\udfff" for char in title + author):
            raise CorpusError(f"{self.name}: poem {number} has half a character in its title or author")
        return RawPoem(self.collection, title, author, "".join(paragraphs))


def read_source(source: Path, collections: tuple[str, ...]) -> list[SourceFile]:
    """The files of `collections` in `source`, by collection and number; raises `CorpusError` if there are none."""
    if not source.exists():
        raise CorpusError(f"{source} does not exist; the README says where to get the chinese-poetry collection")
    members = _folder_members(source) if source.is_dir() else _archive_members(source)
    files = [file for file in members if file.collection in collections]
    missing = [name for name in collections if not any(file.collection == name for file in files)]
    if missing:
        raise CorpusError(
            f"{source} has no poet.{missing[0]}.*.json: give the chinese-poetry folder or a .zip or .tar.* of it"
        )
    return sorted(files, key=lambda file: (collections.index(file.collection), file.number))


def fingerprint(files: list[SourceFile]) -> str:
    """SHA-256 over names and contents: the same for a folder and for an archive of it."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.name} {hashlib.sha256(file.content).hexdigest()}\n".encode())
    return digest.hexdigest()


def _source_file(name: str, content: bytes) -> SourceFile | None:
    match = _POEM_FILE.fullmatch(name)
    return SourceFile(name, match["collection"], int(match["number"]), content) if match else None


def _folder_members(folder: Path) -> Iterator[SourceFile]:
    for path in folder.rglob("poet.*.json"):
        try:
            if path.is_file() and (file := _source_file(path.name, path.read_bytes())):
                yield file
        except OSError as error:
            raise CorpusError(f"cannot read {path}: {error.strerror or error}") from error


def _archive_members(archive: Path) -> Iterator[SourceFile]:
    try:
        if zipfile.is_zipfile(archive):
            yield from _zip_members(archive)
        elif tarfile.is_tarfile(archive):
            yield from _tar_members(archive)
        else:
            raise CorpusError(f"{archive} is neither a folder nor a .zip or .tar.* that can be read")
    except (tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, zlib.error, EOFError, RuntimeError) as error:
        raise CorpusError(f"{archive} is damaged ({error}); fetch it again") from error
    except OSError as error:
        raise CorpusError(f"cannot read {archive}: {error.strerror or error}") from error


def _zip_members(archive: Path) -> Iterator[SourceFile]:
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            name = _checked_name(archive, info.filename, info.file_size)
            if _POEM_FILE.fullmatch(name) and (file := _source_file(name, opened.read(info))):
                yield file


def _tar_members(archive: Path) -> Iterator[SourceFile]:
    with tarfile.open(archive) as opened:
        for member in opened:
            name = _checked_name(archive, member.name, member.size)
            if member.isfile() and _POEM_FILE.fullmatch(name):
                content = opened.extractfile(member)
                if content is not None and (file := _source_file(name, content.read())):
                    yield file


def _checked_name(archive: Path, member: str, size: int) -> str:
    """The member's own name; nothing is unpacked, yet an archive that tries to climb out is not to be trusted."""
    path = PurePosixPath(member.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", member):
        raise CorpusError(f"{archive} holds {member!r}, which climbs out of its folder; it is not read")
    if size > _LARGEST_MEMBER and _POEM_FILE.fullmatch(path.name):
        raise CorpusError(f"{archive} holds {member!r} of {size:,} bytes, far more than a file of poems has")
    return path.name
