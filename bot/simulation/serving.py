"""Poems by many seeds, kept in a file: asked for again, they are there."""

import json
from collections.abc import Callable
from pathlib import Path

from bot.orders import TEMPERATURE
from poetcore.files import write_whole
from poetcore.generation import ComposeRequest
from poetcore.generation.many import composed


def poems_by(poet: Path, seeds: range, best_of: int, keep: Path, tell: Callable[[str], None]) -> list[str]:
    """One poem a seed by the package `poet`, in traditional script; those kept in the file `keep` are not made again.

    Raises `PackageError`, or `StorageError` when the disk refuses.
    """
    if keep.exists():
        return [json.loads(line)["text"] for line in keep.read_text(encoding="utf-8").splitlines()]
    tell(f"{len(seeds)} poems by {poet}")
    requests = [ComposeRequest(seed=seed, best_of=best_of, temperature=TEMPERATURE) for seed in seeds]
    texts = [poem.traditional for poem in composed(poet, requests)]
    write_whole(keep, "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts))
    return texts
