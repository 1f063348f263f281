"""Poems by many seeds, by several processes, kept in a file: asked for again, they are there."""

import json
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from bot.orders import TEMPERATURE
from poetcore.files import write_whole
from poetcore.generation import ComposeRequest, Poet

_poets: dict[Path, Poet] = {}
"""Of this process: loading takes as long as ten poems."""


def poems_by(poet: Path, seeds: range, best_of: int, keep: Path, tell: Callable[[str], None]) -> list[str]:
    """One poem a seed by the package `poet`, in traditional script; those kept in the file `keep` are not made again.

    Raises `PackageError`, or `StorageError` when the disk refuses.
    """
    if keep.exists():
        return [json.loads(line)["text"] for line in keep.read_text(encoding="utf-8").splitlines()]
    tell(f"{len(seeds)} poems by {poet}")
    tasks = [(poet, seed, best_of) for seed in seeds]
    # Fresh processes: one that torch has threads in must not be forked.
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        texts = list(pool.map(_poem, tasks, chunksize=10))
    write_whole(keep, "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts))
    return texts


def _poem(task: tuple[Path, int, int]) -> str:
    folder, seed, best_of = task
    if folder not in _poets:
        _poets.clear()
        _poets[folder] = Poet.load(folder)
    request = ComposeRequest(seed=seed, best_of=best_of, temperature=TEMPERATURE)
    return _poets[folder].compose(request).traditional
