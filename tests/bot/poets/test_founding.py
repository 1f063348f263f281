"""Which poet a bot begins with."""

import errno
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.composing import Composer
from bot.errors import BotSettingsError
from bot.poets import founding
from bot.poets.changing import promote_checked, roll_back_checked
from bot.poets.following import Follower
from bot.poets.founding import champion, founder_of
from bot.poets.store import FolderStore, digest_of
from bot.storage import Database
from bot.storage.versions import Alias, State, add_version, called, promote
from poetcore.errors import PackageError
from poetcore.generation import ComposeRequest, Poem, Poet

Make = Callable[..., Path]


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    """An empty store."""
    return FolderStore(tmp_path / "poets")


@pytest.fixture
def ships(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Let a package be the one that ships."""
    return lambda folder: monkeypatch.setattr(founding, "PRETRAINED", folder)


@pytest.fixture
def learned(database: Database, store: FolderStore, make_poet: Make) -> Callable[..., None]:
    """Publish and promote a version that learned from another."""

    def make(version: str, parent: str) -> None:
        card, digest = store.publish(make_poet(version, seed=len(version), parent=parent))
        row = {"version": version, "digest": digest, "parent": parent, "state": State.PASSED.value, "metrics": {}}
        database.transact(partial(add_version, row=row))
        database.transact(partial(promote, version=card.version, by="worker"))

    return make


def _alias(database: Database, alias: Alias) -> str | None:
    served = database.transact(partial(called, alias=alias))
    return served.version if served else None


def test_the_poet_that_ships_is_the_first_version(
    database: Database, store: FolderStore, make_poet: Make, ships: Any
) -> None:
    ships(make_poet("first"))
    assert champion(database, store, founder_of(None)).version == "first"
    assert _alias(database, Alias.CHAMPION) == "first"
    assert store.folder("first").is_dir()


def test_a_restart_serves_what_was_learned(
    database: Database, store: FolderStore, make_poet: Make, ships: Any, learned: Any
) -> None:
    ships(make_poet("first"))
    champion(database, store, founder_of(None))
    learned("second", "first")
    assert champion(database, store, founder_of(None)).version == "second"
    roll_back_checked(database, store, "cli")
    assert champion(database, store, founder_of(None)).version == "first"
    assert _alias(database, Alias.PREVIOUS) == "second"


def test_a_new_release_brings_its_poet_unless_something_was_learned(
    database: Database, store: FolderStore, make_poet: Make, ships: Any, learned: Any
) -> None:
    ships(make_poet("old"))
    champion(database, store, founder_of(None))
    ships(make_poet("new", seed=1))
    assert champion(database, store, founder_of(None)).version == "new"
    roll_back_checked(database, store, "cli")
    # Gone back from by a person: it does not come again by itself.
    assert champion(database, store, founder_of(None)).version == "old"
    learned("learned", "old")
    ships(make_poet("newer", seed=2))
    assert champion(database, store, founder_of(None)).version == "learned"


def test_a_poet_named_by_the_operator_goes_before_strangers(
    database: Database, store: FolderStore, make_poet: Make, ships: Any, learned: Any
) -> None:
    ships(make_poet("first"))
    champion(database, store, founder_of(None))
    learned("second", "first")
    mine = make_poet("mine", seed=3)
    assert champion(database, store, founder_of(mine)).version == "mine"
    learned("mine-2", "mine")
    assert champion(database, store, founder_of(mine)).version == "mine-2"


def test_a_poet_named_by_the_operator_comes_back_after_what_the_worker_made(
    database: Database, store: FolderStore, make_poet: Make, ships: Any, learned: Any
) -> None:
    ships(make_poet("first"))
    mine = make_poet("mine", seed=3)
    champion(database, store, founder_of(mine))
    learned("stranger", "first")
    assert champion(database, store, founder_of(mine)).version == "mine"


@pytest.mark.parametrize("by", ["cli", "12345"])
def test_a_restart_does_not_undo_what_a_person_did(
    database: Database, store: FolderStore, make_poet: Make, ships: Any, by: str
) -> None:
    ships(make_poet("first"))
    champion(database, store, founder_of(None))
    mine = make_poet("mine", seed=3)
    assert champion(database, store, founder_of(mine)).version == "mine"
    roll_back_checked(database, store, by)
    assert champion(database, store, founder_of(mine)).version == "first"
    promote_checked(database, store, "mine", by)
    promote_checked(database, store, "first", by)
    assert champion(database, store, founder_of(mine)).version == "first"


def test_a_broken_champion_gives_way_to_the_one_before(
    database: Database, store: FolderStore, make_poet: Make, ships: Any, learned: Any, caplog: pytest.LogCaptureFixture
) -> None:
    ships(make_poet("first"))
    champion(database, store, founder_of(None))
    learned("second", "first")
    learned("third", "second")
    (store.folder("third") / "weights.safetensors").write_bytes(b"")
    assert champion(database, store, founder_of(None)).version == "second"
    assert "the champion third cannot serve" in caplog.text
    shutil.rmtree(store.folder("second"))
    assert champion(database, store, founder_of(None)).version == "first"


@pytest.fixture
def mute(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Versions that cannot compose, though their packages are whole."""
    named: set[str] = set()
    compose = Poet.compose

    def composed(self: Poet, request: ComposeRequest) -> Poem:
        if self.version in named:
            raise FloatingPointError("overflow")
        return compose(self, request)

    monkeypatch.setattr(Poet, "compose", composed)
    return named


def test_a_champion_that_cannot_compose_gives_way_to_the_one_before(
    database: Database,
    store: FolderStore,
    make_poet: Make,
    ships: Any,
    learned: Any,
    mute: set[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    ships(make_poet("first"))
    champion(database, store, founder_of(None))
    learned("second", "first")
    learned("third", "second")
    mute.add("third")
    assert champion(database, store, founder_of(None)).version == "second"
    assert "the champion third cannot serve: poet third cannot compose 五絕 (overflow)" in caplog.text
    mute.add("second")
    assert champion(database, store, founder_of(None)).version == "first"
    # A founder is tried as any other.
    mute.remove("second")
    promote_checked(database, store, "second", "cli")
    mute.add("first")
    database.transact(partial(promote, version="first", by="cli"))
    assert champion(database, store, founder_of(None)).version == "second"


async def test_administrators_hear_of_a_champion_that_could_not_serve_at_the_start(
    database: Database, store: FolderStore, make_poet: Make, ships: Any, learned: Any, mute: set[str]
) -> None:
    ships(make_poet("first"))
    champion(database, store, founder_of(None))
    learned("second", "first")
    mute.add("second")
    warnings: list[str] = []

    async def warn(version: str, reason: str) -> None:
        warnings.append(f"{version}: {reason}")

    for _ in range(2):
        composer = Composer(champion(database, store, founder_of(None)), threads=1)
        assert not await Follower(database, store, composer, warn).look()
        composer.close()
    assert warnings == ["second: poet second cannot compose 五絕 (overflow)"]


def test_a_poet_that_was_changed_under_its_name_is_said_not_to_serve(
    database: Database, store: FolderStore, make_poet: Make, caplog: pytest.LogCaptureFixture
) -> None:
    champion(database, store, founder_of(make_poet("mine", seed=1)))
    kept = digest_of(store.folder("mine"))
    changed = founder_of(make_poet("mine", seed=2))
    serving = champion(database, store, changed)
    assert serving is not changed.poet
    assert digest_of(store.folder("mine")) == kept
    assert f"poet mine of {changed.folder} is no version, kept mine serves in its place: " in caplog.text
    assert "versions never change" in caplog.text
    assert "poet mine serves, but" not in caplog.text


def test_a_full_disk_does_not_keep_the_bot_from_serving(
    database: Database,
    store: FolderStore,
    make_poet: Make,
    ships: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    ships(make_poet("first"))

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfile", full)
        assert champion(database, store, founder_of(None)).version == "first"
    assert _alias(database, Alias.CHAMPION) is None
    assert "poet first serves, but is not kept as a version: " in caplog.text
    champion(database, store, founder_of(None))
    assert _alias(database, Alias.CHAMPION) == "first"


def test_no_founder_is_an_error(ships: Any, tmp_path: Path) -> None:
    with pytest.raises(BotSettingsError, match=r"YUEXIA_POET names no whole poet: .*there is no such folder"):
        founder_of(tmp_path / "nothing")
    ships(tmp_path / "nothing")
    with pytest.raises(PackageError, match="there is no such folder"):
        founder_of(None)


def test_only_what_can_serve_is_promoted_by_hand(
    database: Database, store: FolderStore, make_poet: Make, ships: Any, learned: Any
) -> None:
    ships(make_poet("first"))
    champion(database, store, founder_of(None))
    learned("second", "first")
    roll_back_checked(database, store, "cli")
    (store.folder("second") / "poet.json").write_text("{")
    with pytest.raises(PackageError):
        promote_checked(database, store, "second", "cli")
    with pytest.raises(PackageError):
        roll_back_checked(database, store, "cli")
    assert _alias(database, Alias.CHAMPION) == "first"
