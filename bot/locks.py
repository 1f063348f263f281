"""A lock between processes that the operating system lets go of when its holder ends, however it ends."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from poetcore.errors import StorageError


class LockTakenError(Exception):
    """Another process, or another user in this one, holds the lock."""


@contextmanager
def lock_held(path: Path, *, wait: bool) -> Iterator[None]:
    """Hold the lock file `path`, made if it is missing, until the block ends.

    Raises `LockTakenError` if another holds it and `wait` is false, `StorageError` when the disk refuses.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # A shared folder locks only what is open for writing.
        file = path.open("a")
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror or error}") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockTakenError(path) from None
        except OSError as error:
            raise StorageError(f"cannot lock {path}: {error.strerror or error}") from error
        yield
