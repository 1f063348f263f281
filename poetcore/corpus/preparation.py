"""`poet prepare`: from the collection to token arrays, in the order of happening: read, clean, split, write."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from poetcore.corpus.cleaning import CleaningReport, clean, normalised
from poetcore.corpus.prepared import FORMAT, MANIFEST, OUTPUTS, SPLITS, TEST, TRAIN, VALIDATION
from poetcore.corpus.reader import RawPoem, SourceFile, fingerprint, read_source
from poetcore.errors import CorpusError
from poetcore.files import refuse_foreign_folder, sha256_of, whole_folder
from poetcore.prosody.text import is_hanzi, lines_of

Track = Callable[[list[SourceFile]], Iterable[SourceFile]]
"""Wraps the files in a progress display."""

_TRAIN_SHARE: Final = 0.90
_VALIDATION_SHARE: Final = 0.05


@dataclass(frozen=True)
class _CleanPoem:
    text: str
    title: str
    author: str
    collection: str
    split: int


def prepare(
    source: Path, out: Path, collections: tuple[str, ...], track: Track = lambda files: files
) -> dict[str, Any]:
    """Read `collections` of `source`, write the prepared corpus to `out` whole or not at all, return its manifest.

    Raises `CorpusError` for a source that cannot be used and `StorageError` for a place that cannot be written.
    """
    refuse_foreign_folder(out, (*OUTPUTS, MANIFEST), "prepared corpus")
    files = read_source(source, collections)
    report = CleaningReport()
    counts = dict.fromkeys(collections, 0)
    poems = _cleaned_poems((poem for file in track(files) for poem in _counted(file.poems(), counts)), report)
    if not poems:
        raise CorpusError(f"no poem in {source} can be used; the README says where to get the collection")
    poems, shared = _without_leaks(poems)
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "collections": list(collections),
        "input": {"name": source.resolve().name, "files": len(files), "sha256": fingerprint(files)},
        "poems_read": counts,
        "changed": dict(sorted(report.changed.items())),
        "dropped": dict(sorted(report.dropped.items())),
        "shared_a_line_with_training": {SPLITS[split]: count for split, count in sorted(shared.items())},
    }
    with whole_folder(out) as folder:
        _write(folder, poems, manifest)
    return manifest


def split_of(text: str) -> int:
    """The split of a poem, by a hash of its own hanzi: it stays where it is whatever poems are added."""
    share = int.from_bytes(sha256(normalised(text).encode()).digest()[:8], "big") / 2**64
    if share < _TRAIN_SHARE:
        return TRAIN
    return VALIDATION if share < _TRAIN_SHARE + _VALIDATION_SHARE else TEST


def _counted(poems: list[RawPoem], counts: dict[str, int]) -> list[RawPoem]:
    for poem in poems:
        counts[poem.collection] += 1
    return poems


def _cleaned_poems(poems: Iterable[RawPoem], report: CleaningReport) -> list[_CleanPoem]:
    seen: set[str] = set()
    cleaned = []
    for poem in poems:
        text = clean(poem.text, report)
        if text is None:
            continue
        identity = normalised(text)
        if identity in seen:
            report.dropped["duplicate"] += 1
            continue
        seen.add(identity)
        cleaned.append(_CleanPoem(text, _one_line(poem.title), _one_line(poem.author), poem.collection, split_of(text)))
    return cleaned


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _without_leaks(poems: list[_CleanPoem]) -> tuple[list[_CleanPoem], dict[int, int]]:
    """Drop from validation and test every poem that has a line of a training poem; count them by split."""
    training_lines = {line for poem in poems if poem.split == TRAIN for line in lines_of(poem.text)}
    shared = {VALIDATION: 0, TEST: 0}
    kept = []
    for poem in poems:
        if poem.split != TRAIN and not training_lines.isdisjoint(lines_of(poem.text)):
            shared[poem.split] += 1
        else:
            kept.append(poem)
    return kept, shared


def _write(folder: Path, poems: list[_CleanPoem], manifest: dict[str, Any]) -> None:
    points = _code_points("".join(poem.text for poem in poems))
    characters, tokens = _by_frequency(points)
    names = manifest["collections"]
    np.save(folder / "tokens.npy", tokens)
    np.save(folder / "offsets.npy", np.cumsum([0] + [len(poem.text) for poem in poems], dtype=np.int64))
    np.save(folder / "splits.npy", np.array([poem.split for poem in poems], dtype=np.uint8))
    np.save(folder / "collections.npy", np.array([names.index(poem.collection) for poem in poems], dtype=np.uint8))
    _write_lines(folder / "characters.txt", characters)
    _write_lines(folder / "titles.txt", (poem.title for poem in poems))
    _write_lines(folder / "authors.txt", (poem.author for poem in poems))
    manifest["splits"] = {name: sum(poem.split == split for poem in poems) for split, name in enumerate(SPLITS)}
    manifest["characters"] = len(characters)
    manifest["tokens"] = len(tokens)
    manifest["hanzi"] = int(np.isin(tokens, [rank for rank, char in enumerate(characters) if is_hanzi(char)]).sum())
    manifest["outputs"] = {path.name: sha256_of(path) for path in sorted(folder.iterdir())}
    (folder / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _write_lines(path: Path, lines: Iterable[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _code_points(text: str) -> npt.NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le"), dtype="<u4")


def _by_frequency(points: npt.NDArray[np.uint32]) -> tuple[list[str], npt.NDArray[np.uint16]]:
    """The characters, most frequent first (equal ones by code point), and each position's rank among them, uint16.

    uint16 suffices: the whole of Tang and Song has about 13,000 different characters.
    """
    counts = np.bincount(points, minlength=1)
    present = np.flatnonzero(counts)
    ranked = present[np.lexsort((present, -counts[present]))]
    rank_of = np.zeros(len(counts), dtype=np.uint16)
    rank_of[ranked] = np.arange(len(ranked), dtype=np.uint16)
    return [chr(point) for point in ranked], rank_of[points]
