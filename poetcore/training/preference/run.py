"""The run folder of a fine-tune.

finetune.json   what it was begun with; written once
checkpoints/    where it goes on
metrics.jsonl   a row an update
curves.png      the losses by update
poet/           the new poet
result.json     how it ended; written last
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from poetcore.corpus import PreparedCorpus
from poetcore.errors import InputError, TrainingError
from poetcore.files import sha256_of, write_whole
from poetcore.package import CARD, PoetCard, now_utc
from poetcore.training.checkpoints import has_checkpoint
from poetcore.training.preference.settings import FinetuneSettings

_BEGUN: Final = "finetune.json"
_RESULT: Final = "result.json"


@dataclass(frozen=True)
class FinetuneRun:
    """A run folder together with what it was begun with."""

    folder: Path
    settings: FinetuneSettings
    version: str
    """Of the poet to be."""
    parent: str
    ratings_fingerprint: str
    """SHA-256 of the ratings file."""
    data_fingerprint: str

    @property
    def checkpoints(self) -> Path:
        """Folder of the checkpoints to go on from."""
        return self.folder / "checkpoints"

    @property
    def package(self) -> Path:
        """Where the new poet will be."""
        return self.folder / "poet"

    @property
    def curves(self) -> Path:
        """The picture of the losses."""
        return self.folder / "curves.png"

    def write_metrics(self, history: list[dict[str, Any]]) -> None:
        """Write metrics.jsonl anew from the history, which the checkpoint holds too."""
        write_whole(self.folder / "metrics.jsonl", "".join(json.dumps(row) + "\n" for row in history))

    def write_result(self, result: dict[str, Any]) -> None:
        """Write result.json."""
        write_whole(self.folder / _RESULT, json.dumps(result, ensure_ascii=False, indent=2) + "\n")

    def read_result(self) -> dict[str, Any] | None:
        """What result.json holds, None before the fine-tune has ended; raises `TrainingError` if it is damaged."""
        path = self.folder / _RESULT
        try:
            return json.loads(path.read_bytes()) if path.exists() else None
        except (OSError, ValueError) as error:
            raise TrainingError(f"{path} cannot be read ({error}): delete it and run again to have it anew") from error


def open_run(
    folder: Path,
    settings: FinetuneSettings,
    card: PoetCard,
    poet: Path,
    ratings: Path,
    corpus: PreparedCorpus,
    version: str | None,
) -> FinetuneRun:
    """Begin a fine-tune in `folder`, or go on with the one in it if it was begun with the same.

    Raises `TrainingError` if it was begun with anything else.
    """
    content: dict[str, Any] = {
        "settings": settings.as_dict(),
        "parent": card.version,
        "parent_sha256": sha256_of(poet / CARD),
        "ratings_sha256": _fingerprint(ratings),
        "data_fingerprint": corpus.fingerprint,
    }
    path = folder / _BEGUN
    if path.exists():
        named = _begun(path, content, version)
    elif has_checkpoint(folder / "checkpoints") or (folder / "run.json").exists():
        raise TrainingError(f"{folder} holds another run: give the fine-tune a folder of its own")
    else:
        named = version or f"tuned-{now_utc():%Y%m%d-%H%M%S}"
        write_whole(path, json.dumps(content | {"version": named}, indent=2) + "\n")
    return FinetuneRun(folder, settings, named, card.version, content["ratings_sha256"], corpus.fingerprint)


def _begun(path: Path, content: dict[str, Any], version: str | None) -> str:
    """The version that the fine-tune in `path` makes, if it was begun with `content`."""
    try:
        begun = json.loads(path.read_bytes())
        named = str(begun["version"])
        changed = [key for key in content if begun[key] != content[key]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"{path} cannot be read ({error}): start anew in another folder") from error
    if changed or version not in (None, named):
        what = changed[0] if changed else f"version {named}"
        raise TrainingError(f"{path.parent} holds a fine-tune begun with other {_WORDS.get(what, what)}: use another")
    return named


_WORDS: Final = {
    "parent_sha256": "weights of the poet",
    "ratings_sha256": "ratings",
    "data_fingerprint": "data",
    "parent": "poet",
}


def _fingerprint(ratings: Path) -> str:
    try:
        return sha256_of(ratings)
    except OSError as error:
        raise InputError(f"cannot read {ratings}: {error.strerror or error}") from error
