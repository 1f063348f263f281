"""The prepared corpus on disk, as training and evaluation read it."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from poetcore.corpus.vocabulary import SPECIALS, UNKNOWN, Vocabulary
from poetcore.errors import PreparedCorpusError
from poetcore.files import sha256_of

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
OUTPUTS: Final = (
    "authors.txt",
    "characters.txt",
    "collections.npy",
    "offsets.npy",
    "splits.npy",
    "titles.txt",
    "tokens.npy",
)
"""The files beside the manifest."""
SPLITS: Final = ("train", "validation", "test")
TRAIN, VALIDATION, TEST = range(3)


@dataclass(frozen=True)
class PreparedCorpus:
    """Poems as ranks of characters, with split, collection, title and author of each.

    Poem i is `ranks[offsets[i]:offsets[i + 1]]`, where rank r stands for `characters[r]`.
    """

    folder: Path
    manifest: dict[str, Any]
    fingerprint: str
    """SHA-256 of the manifest, which holds those of all other files."""
    characters: tuple[str, ...]
    ranks: npt.NDArray[np.uint16]
    offsets: npt.NDArray[np.int64]
    splits: npt.NDArray[np.uint8]
    collections: npt.NDArray[np.uint8]

    @classmethod
    def load(cls, folder: Path) -> "PreparedCorpus":
        """Read and check what `poet prepare` wrote; raises `PreparedCorpusError` if anything is missing or changed."""
        manifest = _checked_manifest(folder)
        return cls(
            folder=folder,
            manifest=manifest,
            fingerprint=sha256_of(folder / MANIFEST),
            characters=tuple(_lines(folder / "characters.txt")),
            ranks=np.load(folder / "tokens.npy", allow_pickle=False),
            offsets=np.load(folder / "offsets.npy", allow_pickle=False),
            splits=np.load(folder / "splits.npy", allow_pickle=False),
            collections=np.load(folder / "collections.npy", allow_pickle=False),
        )

    @cached_property
    def titles(self) -> list[str]:
        """The title of each poem."""
        return _lines(self.folder / "titles.txt")

    @cached_property
    def authors(self) -> list[str]:
        """The author of each poem."""
        return _lines(self.folder / "authors.txt")

    def vocabulary(self, size: int) -> Vocabulary:
        """The `size` most frequent token ids, the three specials counted; fewer if the corpus has fewer characters."""
        return Vocabulary(self.characters[: size - SPECIALS])

    def select(self, split: int, collections: tuple[str, ...] | None = None) -> npt.NDArray[np.int64]:
        """Indices of the poems of `split` (TRAIN, VALIDATION or TEST), of all collections or of those named."""
        chosen = self.splits == split
        if collections is not None:
            names = self.manifest["collections"]
            unknown = [name for name in collections if name not in names]
            if unknown:
                raise PreparedCorpusError(
                    f"{self.folder} holds {', '.join(names)} but not {unknown[0]}: prepare it with --collections"
                )
            chosen &= np.isin(self.collections, [names.index(name) for name in collections])
        return np.flatnonzero(chosen)

    def tokens(self, poem: int, vocabulary_size: int) -> npt.NDArray[np.int32]:
        """Token ids of poem `poem`, int32, without START and END; characters beyond the vocabulary are UNKNOWN."""
        ids = self.ranks[self.offsets[poem] : self.offsets[poem + 1]].astype(np.int32) + SPECIALS
        ids[ids >= vocabulary_size] = UNKNOWN
        return ids

    def text(self, poem: int) -> str:
        """The clean text of poem `poem`."""
        return "".join(self.characters[rank] for rank in self.ranks[self.offsets[poem] : self.offsets[poem + 1]])


def evenly_spread(count: int, most: int) -> npt.NDArray[np.int64]:
    """Places of `most` of `count` things in order, the first and the last among them; of all if there are no more."""
    return np.linspace(0, count - 1, min(most, count)).astype(np.int64)


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n")[:-1]


def _checked_manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PreparedCorpusError(f"{folder} is no prepared corpus (make one with poet prepare): {error}") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise PreparedCorpusError(f"{folder / MANIFEST} is of another format; run poet prepare again")
    digests = manifest["outputs"] if isinstance(manifest.get("outputs"), dict) else {}
    for name in OUTPUTS:
        if not (folder / name).is_file() or sha256_of(folder / name) != digests.get(name):
            raise PreparedCorpusError(f"{folder / name} is missing or not as prepared; run poet prepare again")
    return manifest
