"""The model store: whole or not at all, and nothing that was changed is served."""

import errno
import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from bot.locks import lock_held
from bot.poets.store import FolderStore, digest_of
from poetcore.errors import PackageError, StorageError
from poetcore.package import write_metrics

Make = Callable[..., Path]


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    """An empty store."""
    return FolderStore(tmp_path / "poets")


def _folders(store: FolderStore) -> list[str]:
    return sorted(path.name for path in store.root.iterdir() if path.is_dir())


def test_what_is_published_is_loaded(store: FolderStore, make_poet: Make) -> None:
    card, digest = store.publish(make_poet("a"))
    assert card.version == "a"
    assert store.load("a", digest).version == "a"
    assert digest == digest_of(store.folder("a"))


def test_publishing_again_changes_nothing(store: FolderStore, make_poet: Make) -> None:
    package = make_poet("a")
    first = store.publish(package)
    made = (store.folder("a") / "poet.json").stat().st_ino
    assert store.publish(package) == first
    assert (store.folder("a") / "poet.json").stat().st_ino == made


def test_a_poet_of_which_more_was_measured_is_the_same(store: FolderStore, make_poet: Make) -> None:
    package = make_poet("a")
    first = store.publish(package)
    write_metrics(package, {"scoreboard_poems": 4_000})
    assert digest_of(package) != first[1]
    assert store.publish(package) == first
    store.load("a", first[1])


def test_a_version_never_changes(store: FolderStore, make_poet: Make) -> None:
    _, digest = store.publish(make_poet("a", seed=1))
    with pytest.raises(PackageError, match="holds another poet of the name a: versions never change"):
        store.publish(make_poet("a", seed=2))
    store.load("a", digest)


def test_a_torn_copy_is_put_right_by_publishing_again(store: FolderStore, make_poet: Make) -> None:
    package = make_poet("a")
    _, digest = store.publish(package)
    weights = store.folder("a") / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-9])
    with pytest.raises(PackageError, match="sha256 differs"):
        store.load("a", digest)
    store.publish(package)
    store.load("a", digest)


def test_a_changed_card_is_refused_though_its_own_checksums_fit(store: FolderStore, make_poet: Make) -> None:
    _, digest = store.publish(make_poet("a", seed=1))
    shutil.rmtree(store.folder("a"))
    shutil.copytree(make_poet("a", seed=2), store.folder("a"))
    with pytest.raises(PackageError, match="is not the card that was published as a"):
        store.load("a", digest)


def test_a_format_of_the_future_is_refused(store: FolderStore, make_poet: Make) -> None:
    _, digest = store.publish(make_poet("a"))
    card = store.folder("a") / "poet.json"
    card.write_text(json.dumps(json.loads(card.read_text()) | {"format": 2}))
    with pytest.raises(PackageError, match="format 2 is unknown, this version reads format 1"):
        store.load("a", digest)


def test_a_missing_version_is_one_sentence(store: FolderStore) -> None:
    with pytest.raises(PackageError, match="there is no such folder"):
        store.load("a", "0" * 64)


def test_no_package_is_not_published(store: FolderStore, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(PackageError, match=r"poet\.json is missing"):
        store.publish(tmp_path / "empty")
    assert not store.root.exists()


def test_a_full_disk_leaves_nothing(store: FolderStore, make_poet: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    package = make_poet("a")
    copy = shutil.copyfile

    def full(source: Path, target: Path) -> Any:
        if Path(source).name == "poet.json":
            raise OSError(errno.ENOSPC, "No space left on device")
        return copy(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfile", full)
        with pytest.raises(StorageError, match="No space left on device"):
            store.publish(package)
    assert _folders(store) == []
    _, digest = store.publish(package)
    store.load("a", digest)


def test_what_killed_publishers_left_is_cleared(store: FolderStore, make_poet: Make) -> None:
    package = make_poet("a")

    def die() -> None:
        for version in ("a", "learned-20240917-120000-abc123"):
            remains = store.root / f".{version}.partial-x1"
            remains.mkdir(parents=True)
            (remains / "weights.safetensors").write_bytes(b"half")

    die()
    store.publish(package)
    assert _folders(store) == ["a"]
    # Also where nothing is left to be published.
    die()
    store.publish(package)
    assert _folders(store) == ["a"]


def test_a_store_says_what_it_keeps(store: FolderStore, make_poet: Make) -> None:
    assert store.versions() == []
    for version in "ba":
        store.publish(make_poet(version))
    (store.root / ".c.partial-x1").mkdir()
    assert store.versions() == ["a", "b"]


def test_bots_that_start_together_publish_their_founder_once(store: FolderStore, make_poet: Make) -> None:
    package = make_poet("a")
    together = Barrier(4)

    def publish() -> str:
        together.wait()
        return store.publish(package)[1]

    with ThreadPoolExecutor(4) as bots:
        digests = {future.result() for future in [bots.submit(publish) for _ in range(4)]}
    (digest,) = digests
    store.load("a", digest)
    assert _folders(store) == ["a"]


def test_a_publisher_waits_for_another_one(store: FolderStore, make_poet: Make) -> None:
    package = make_poet("a")
    with ThreadPoolExecutor(1) as bots:
        with lock_held(store.root / ".lock", wait=True):
            publishing = bots.submit(store.publish, package)
            with pytest.raises(TimeoutError):
                publishing.result(timeout=0.2)
            assert not store.folder("a").exists()
        publishing.result(timeout=60)
    assert store.folder("a").is_dir()
