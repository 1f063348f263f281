"""Files written whole or not at all, and their checksums."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from poetcore.errors import StorageError


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_whole(path: Path, content: bytes | str) -> None:
    """Write `content` to `path` so that a reader sees the old file or the new one, never a part.

    Raises `StorageError` when the disk refuses; the old file is then untouched.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.partial-", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            # mkstemp makes private files; what we write is as readable as any other file of the user's.
            Path(temporary).chmod(0o666 & ~_umask())
            Path(temporary).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(temporary).unlink()
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror or error}") from error


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Yield an empty folder beside `target`; when the block ends well it takes `target`'s place.

    When the block raises, nothing of it stays and an older `target` is untouched.
    An `OSError` inside the block becomes a `StorageError`.
    """
    try:
        # "." has no name to rename, and of a link the folder that it leads to is meant.
        place = target.resolve()
        place.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{place.name}.partial-", dir=place.parent))
    except OSError as error:
        raise StorageError(f"cannot write {target}: {error.strerror or error}") from error
    try:
        partial.chmod(0o777 & ~_umask())
        yield partial
        for file in partial.rglob("*"):
            if file.is_file():
                _sync_file(file)
        sync_folder(partial)
        _take_place(partial, place)
    except OSError as error:
        raise StorageError(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def refuse_foreign_folder(target: Path, own: Iterable[str], what: str) -> None:
    """Raise `StorageError` if `target` is anything but absent, empty, or a folder of exactly the files `own`.

    Call it before `whole_folder`, which replaces everything that is in `target`.
    """
    if not target.exists() or (target.is_dir() and {path.name for path in target.iterdir()} in (set(), set(own))):
        return
    raise StorageError(f"{target} exists and is no {what}; give --out another folder")


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _take_place(partial: Path, target: Path) -> None:
    retired = partial.with_name(partial.name + "-retired")
    if target.exists():
        target.rename(retired)
    try:
        partial.rename(target)
    except OSError:
        if retired.exists():
            retired.rename(target)
        raise
    sync_folder(target.parent)
    shutil.rmtree(retired, ignore_errors=True)


def _sync_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
