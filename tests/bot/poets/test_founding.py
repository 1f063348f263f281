"""Which poet a bot begins with."""

import errno
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.errors import BotSettingsError
from bot.poets import founding
from bot.poets.changing import promote_checked, roll_back_checked
from bot.poets.founding import champion, founder_of
from bot.poets.store import FolderStore
from bot.storage import Database
from bot.storage.versions import Alias, State, add_version, called, promote
from poetcore.errors import PackageError

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


def test_a_full_disk_does_not_keep_the_bot_from_serving(
    database: Database, store: FolderStore, make_poet: Make, ships: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ships(make_poet("first"))

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfile", full)
        assert champion(database, store, founder_of(None)).version == "first"
    assert _alias(database, Alias.CHAMPION) is None
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
