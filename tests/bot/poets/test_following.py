"""The hot swap: no poem is lost or mixed, each says who wrote it, and the old poet leaves its memory."""

import asyncio
import gc
import shutil
import subprocess
import sys
import threading
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.composing import Composer
from bot.poets import founding
from bot.poets.following import Follower, smoke_test
from bot.poets.store import FolderStore
from bot.storage import Database
from bot.storage.versions import add_version, promote, roll_back
from poetcore.errors import PackageError
from poetcore.generation import ComposeRequest, Poem, Poet
from poetcore.prosody import FORMS

Make = Callable[..., Path]
_FORM = FORMS["五絕"]


class _Bench:
    """A follower with everything around it."""

    def __init__(self, database: Database, store: FolderStore, make_poet: Make) -> None:
        self.database, self.store, self._make = database, store, make_poet
        self.digests: dict[str, str] = {}
        self.publish("a", promoted=True)
        self.composer = Composer(store.load("a", self.digests["a"]), threads=4)
        self.warnings: list[str] = []
        self.time = 0.0
        self.follower = Follower(database, store, self.composer, self._warn, clock=lambda: self.time)

    def publish(self, version: str, *, promoted: bool = False, **sizes: Any) -> None:
        """Publish a version, and make it the champion."""
        _, digest = self.store.publish(self._make(version, seed=sum(map(ord, version)), **sizes))
        self.digests[version] = digest
        row: dict[str, Any] = {"version": version, "digest": digest, "parent": None, "state": "passed", "metrics": {}}
        self.database.transact(partial(add_version, row=row))
        if promoted:
            self.promote(version)

    def promote(self, version: str) -> None:
        """Make a version the champion."""
        self.database.transact(partial(promote, version=version, by="7"))

    async def _warn(self, version: str, reason: str) -> None:
        self.warnings.append(f"{version}: {reason}")


@pytest.fixture
def bench(database: Database, tmp_path: Path, make_poet: Make) -> Iterator[_Bench]:
    """A bot's composer that serves version a, and the follower that looks after it."""
    made = _Bench(database, FolderStore(tmp_path / "poets"), make_poet)
    yield made
    made.composer.close()


async def test_a_new_champion_serves_and_a_rollback_is_followed(bench: _Bench) -> None:
    assert not await bench.follower.look()
    bench.publish("b", promoted=True)
    assert await bench.follower.look()
    assert (await bench.composer.compose(ComposeRequest(form=_FORM))).poet == "b"
    bench.database.transact(partial(roll_back, by="7"))
    assert await bench.follower.look()
    assert (await bench.composer.compose(ComposeRequest(form=_FORM))).poet == "a"


async def test_no_request_is_dropped_or_mixed(bench: _Bench) -> None:
    """Poems asked for all through five swaps: each is exactly what the version it names writes by itself."""
    bench.publish("b")
    alone = {name: bench.store.load(name, bench.digests[name]) for name in "ab"}
    requests = [ComposeRequest(form=_FORM, seed=seed, best_of=2) for seed in range(60)]
    tasks: list[asyncio.Task[Poem]] = []
    for number, request in enumerate(requests):
        tasks.append(asyncio.create_task(bench.composer.compose(request)))
        await asyncio.sleep(0)
        if number % 10 == 5:
            bench.promote("b" if bench.composer.version == "a" else "a")
            assert await bench.follower.look()
    poems = await asyncio.gather(*tasks)
    assert {poem.poet for poem in poems} == {"a", "b"}
    for request, poem in zip(requests, poems, strict=True):
        assert poem == alone[poem.poet].compose(request)


async def test_a_poem_that_is_being_written_is_the_old_poets_to_the_end(bench: _Bench) -> None:
    begun, go_on = threading.Event(), threading.Event()
    old = bench.composer._poet

    class Slow:
        version = "a"

        def compose(self, request: ComposeRequest) -> Poem:
            begun.set()
            go_on.wait(10)
            return old.compose(request)

    bench.composer.swap(Slow())
    writing = asyncio.create_task(bench.composer.compose(ComposeRequest(form=_FORM)))
    await asyncio.to_thread(begun.wait, 10)
    bench.publish("b", promoted=True)
    assert await bench.follower.look()
    assert (await bench.composer.compose(ComposeRequest(form=_FORM))).poet == "b"
    go_on.set()
    assert (await writing).poet == "a"


async def test_the_old_poet_leaves_its_memory(bench: _Bench) -> None:
    # Wide enough that a poet kept by mistake is seen: about 4 MB each.
    for version in ("big-1", "big-2"):
        bench.publish(version, size=256)
    bench.promote("big-1")
    await bench.follower.look()
    old = weakref.ref(bench.composer._poet)
    tracemalloc.start()
    try:
        levels = []
        for _ in range(3):
            for version in ("big-2", "big-1"):
                bench.promote(version)
                assert await bench.follower.look()
                await bench.composer.compose(ComposeRequest(form=_FORM, best_of=1))
            gc.collect()
            levels.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert old() is None
    assert levels[2] - levels[0] < 1_000_000


def _tear(folder: Path) -> None:
    weights = folder / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])


def _tamper(folder: Path) -> None:
    weights = folder / "weights.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(bytes(content))


def _make_incompatible(folder: Path) -> None:
    card = folder / "poet.json"
    card.write_text(card.read_text().replace('"format": 1', '"format": 9'))


@pytest.mark.parametrize("harm", [_tear, _tamper, _make_incompatible, shutil.rmtree])
async def test_what_is_not_whole_is_refused_and_the_old_one_serves(
    bench: _Bench, harm: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    bench.publish("b", promoted=True)
    kept = bench.store.root / "kept"
    shutil.copytree(bench.store.folder("b"), kept)
    harm(bench.store.folder("b"))
    for _ in range(3):
        assert not await bench.follower.look()
    assert (await bench.composer.compose(ComposeRequest(form=_FORM))).poet == "a"
    assert len(bench.warnings) == 1
    assert bench.warnings[0].startswith("b: ")
    # Put right, it is taken up: not at once, but the next time it is tried.
    shutil.rmtree(bench.store.folder("b"), ignore_errors=True)
    kept.rename(bench.store.folder("b"))
    assert not await bench.follower.look()
    bench.time += 11
    assert await bench.follower.look()
    assert len(bench.warnings) == 1


async def test_administrators_hear_of_each_refused_version_once(bench: _Bench) -> None:
    bench.publish("b", promoted=True)
    _tear(bench.store.folder("b"))
    await bench.follower.look()
    bench.publish("c", promoted=True)
    _tear(bench.store.folder("c"))
    await bench.follower.look()
    bench.time += 1000
    await bench.follower.look()
    assert [warning[:2] for warning in bench.warnings] == ["b:", "c:"]


async def test_of_two_bots_and_after_a_restart_one_tells_it(bench: _Bench) -> None:
    bench.publish("b", promoted=True)
    _tear(bench.store.folder("b"))
    await bench.follower.look()
    other = Follower(bench.database, bench.store, bench.composer, bench._warn, clock=lambda: bench.time)
    await other.look()
    assert [warning[:2] for warning in bench.warnings] == ["b:"]


_DYING = """
import asyncio, os, signal, sys
from pathlib import Path
from sqlalchemy import make_url
from bot.composing import Composer
from bot.poets.following import Follower
from bot.poets.store import FolderStore
from bot.storage import Database

class Store(FolderStore):
    def load(self, version, digest):
        super().load(version, digest)
        os.kill(os.getpid(), signal.SIGKILL)

store = Store(Path(sys.argv[2]))
class Old:
    version = "a"
asyncio.run(Follower(Database(make_url(sys.argv[1])), store, Composer(Old()), None).look())
"""


def test_a_bot_killed_in_the_middle_of_a_swap_begins_with_the_champion(
    bench: _Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.publish("b", promoted=True)
    url = bench.database.url.render_as_string(hide_password=False)
    words = [sys.executable, "-c", _DYING, url, str(bench.store.root)]
    died = subprocess.run(words, cwd=Path(__file__).parents[3], timeout=60)
    assert died.returncode == -9
    monkeypatch.setattr(founding, "PRETRAINED", bench.store.folder("a"))
    assert founding.champion(bench.database, bench.store, founding.founder_of(None)).version == "b"


def test_a_poet_that_cannot_compose_fails_the_smoke_test(bench: _Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    poet = bench.store.load("a", bench.digests["a"])
    smoke_test(poet)

    def compose(self: Poet, request: ComposeRequest) -> Poem:
        raise FloatingPointError("overflow")

    monkeypatch.setattr(Poet, "compose", compose)
    with pytest.raises(PackageError, match="poet a cannot compose 五絕"):
        smoke_test(poet)
