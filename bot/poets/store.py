"""The model store: every version of the poet, each an immutable folder, published whole or not at all.

A folder, local or shared between machines, is one way to keep them; an object store would be another `ModelStore`.
"""

import hashlib
import shutil
from pathlib import Path
from typing import Protocol

from bot.locks import lock_held
from poetcore.errors import PackageError
from poetcore.files import whole_folder
from poetcore.generation import Poet
from poetcore.package import CARD, PoetCard, read_card, read_package


class ModelStore(Protocol):
    """Where versions are kept."""

    def publish(self, package: Path) -> tuple[PoetCard, str]:
        """Keep the poet package in `package`; the card and digest that are kept.

        Publishing the same package again changes nothing, even if more was measured of it since.

        Raises `PackageError` if it is no whole package or another one has its version, `StorageError` when the disk
        refuses; nothing is then changed.
        """

    def load(self, version: str, digest: str) -> Poet:
        """The poet that was published as `version` with `digest`.

        Raises `PackageError` if it is missing, torn, tampered with, or not of a format that this version reads.
        """

    def folder(self, version: str) -> Path:
        """A folder of this machine with the package, for programs that read packages from folders; not checked."""


class FolderStore:
    """A `ModelStore` in a folder: one folder below it a version."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def publish(self, package: Path) -> tuple[PoetCard, str]:
        """As `ModelStore.publish` says."""
        card, _ = read_package(package)
        # Without it, a poet that cannot compose would only be found out when it is to serve.
        Poet.load(package)
        # One publisher at a time: bots that start together all publish their founder.
        with lock_held(self.root / ".lock", wait=True):
            return self._keep(package, card)

    def load(self, version: str, digest: str) -> Poet:
        """As `ModelStore.load` says."""
        folder = self.folder(version)
        read_card(folder)
        if digest_of(folder) != digest:
            raise PackageError(f"{folder / CARD} is not the card that was published as {version}; publish it again")
        poet = Poet.load(folder)
        if poet.version != version:
            raise PackageError(f"{folder} holds the poet {poet.version}, not {version}; publish it again")
        return poet

    def folder(self, version: str) -> Path:
        """As `ModelStore.folder` says."""
        return self.root / version

    def versions(self) -> list[str]:
        """The names of what is kept, sorted; one that no database knows may be about to be registered."""
        folders = self.root.iterdir() if self.root.is_dir() else ()
        return sorted(folder.name for folder in folders if folder.is_dir() and not folder.name.startswith("."))

    def _keep(self, package: Path, card: PoetCard) -> tuple[PoetCard, str]:
        self._clear_remains()
        digest = digest_of(package)
        target = self.folder(card.version)
        if self._is_there(card, digest, target):
            return read_card(target), digest_of(target)
        with whole_folder(target) as partial:
            for name in (*card.files, CARD):
                shutil.copyfile(package / name, partial / name)
            # What was read above and what was copied may differ: somebody else writes there too.
            if digest_of(partial) != digest:
                raise PackageError(f"{package} changed while it was published; publish it again")
            read_package(partial)
        return card, digest

    def _is_there(self, card: PoetCard, digest: str, target: Path) -> bool:
        """Whether this package is kept whole; one that was torn since may be published again."""
        if not target.exists():
            return False
        try:
            kept = read_card(target)
        except PackageError:
            return False
        if kept.version == card.version and digest_of(target) != digest and not _same_poet(kept, card):
            raise PackageError(f"{target} holds another poet of the name {card.version}: versions never change")
        try:
            read_package(target)
        except PackageError:
            return False
        return True

    def _clear_remains(self) -> None:
        """Delete what publishers that were killed left half-written; while the lock is held, no other one writes.

        Whatever their version: another worker does the job of one that is gone, and gives its poet another name.
        """
        for remains in self.root.glob(".*.partial-*"):
            shutil.rmtree(remains, ignore_errors=True)


def _same_poet(one: PoetCard, other: PoetCard) -> bool:
    """Whether two cards differ in what was measured alone."""
    unmeasured: dict[str, object] = {"metrics": {}}
    return one.model_copy(update=unmeasured) == other.model_copy(update=unmeasured)


def digest_of(package: Path) -> str:
    """SHA-256 of a package's card, which carries that of every other file: it stands for the whole.

    Raises `PackageError` if the card cannot be read.
    """
    try:
        return hashlib.sha256((package / CARD).read_bytes()).hexdigest()
    except OSError as error:
        raise PackageError(f"cannot read {package / CARD}: {error.strerror or error}") from error
