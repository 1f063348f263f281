"""Many poems, by all cores of the machine."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from poetcore.generation.poem import Poem
from poetcore.generation.poet import Poet
from poetcore.generation.request import ComposeRequest

_CHUNK: Final = 10


def composed(folder: Path | None, requests: Sequence[ComposeRequest]) -> Iterator[Poem]:
    """The poem of each of `requests` by the package in `folder`, in their order, as they are done.

    `folder` and errors as `Poet.load`, errors of a request as `Poet.compose`.
    """
    # Fresh processes: one that torch has threads in must not be forked.
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        yield from pool.map(_composed, repeat(folder), requests, chunksize=_CHUNK)


def _composed(folder: Path | None, request: ComposeRequest) -> Poem:
    return _loaded(folder).compose(request)


@lru_cache(maxsize=1)
def _loaded(folder: Path | None) -> Poet:
    """A process has one poet at a time: loading takes as long as ten poems."""
    return Poet.load(folder)
