"""The library's exceptions: one tree, each message says what was found, where, and what to do about it."""

from typing import ClassVar


class PoetcoreError(Exception):
    """Base of every error raised on purpose; the command line prints it as one line and exits with its status."""

    exit_status: ClassVar[int] = 1


class CorpusError(PoetcoreError):
    """The chinese-poetry collection cannot be read: no such folder, broken JSON, unsafe archive."""


class PreparedCorpusError(PoetcoreError):
    """A folder made by `poet prepare` is missing, incomplete or changed."""


class SettingsError(PoetcoreError):
    """A preset or setting does not exist or its value makes no sense: wrong usage."""

    exit_status: ClassVar[int] = 2


class TrainingError(PoetcoreError):
    """Training cannot start or go on (not a number, no data, unfit run folder)."""


class CheckpointError(TrainingError):
    """A checkpoint is torn, tampered with, or belongs to other settings."""


class PackageError(PoetcoreError):
    """A poet package is missing, incomplete, tampered with, or of an unknown format."""


class RequestError(PoetcoreError):
    """A poem was asked for in a way that nothing can be made of."""


class InputError(PoetcoreError):
    """A file given by the user is not what the command reads (broken JSONL, wrong keys)."""


class StorageError(PoetcoreError):
    """A file could not be written (disk full, no permission)."""
