"""What a person changes is what that person saw: tried first, told as it is, and done once however many press."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.errors import VersionError
from bot.poets.changing import keep_back_checked, promote_checked, roll_back_checked
from bot.poets.store import FolderStore
from bot.storage import Database
from bot.storage.audit import last_entries
from bot.storage.versions import Alias, add_version, called, challenge, promote, standing
from poetcore.errors import PackageError

Names = Callable[[], tuple[str | None, ...]]


@pytest.fixture
def store(database: Database, tmp_path: Path, make_poet: Callable[..., Path]) -> FolderStore:
    """Versions a, b and c; b is the champion, a was it before."""
    made = FolderStore(tmp_path / "poets")
    for version in "abc":
        _, digest = made.publish(make_poet(version))
        row: dict[str, Any] = {"version": version, "digest": digest, "state": "passed", "metrics": {}}
        database.transact(partial(add_version, row=row))
    for version in "ab":
        database.transact(partial(promote, version=version, by="bot"))
    return made


@pytest.fixture
def names(database: Database) -> Names:
    """The champion, the one before, and who waits."""

    def read() -> tuple[str | None, ...]:
        served = [database.transact(partial(called, alias=alias)) for alias in (*_SERVING, Alias.CHALLENGER)]
        return tuple(one.version if one else None for one in served)

    return read


_SERVING = (Alias.CHAMPION, Alias.PREVIOUS)


def test_a_champion_that_is_kept_back_gives_way(database: Database, store: FolderStore, names: Names) -> None:
    assert keep_back_checked(database, store, "b", "7") == "a"
    assert names() == ("a", "b", None)
    with pytest.raises(VersionError, match="b neither serves nor waits for a word: nothing was changed"):
        keep_back_checked(database, store, "b", "8")
    assert names() == ("a", "b", None)
    (entry,) = database.transact(last_entries)
    assert (entry.who, entry.action, entry.subject) == ("7", "keep back", "b")


def test_a_challenger_that_is_kept_back_waits_no_longer(database: Database, store: FolderStore, names: Names) -> None:
    database.transact(partial(challenge, version="c", by="worker"))
    assert keep_back_checked(database, store, "c", "7") is None
    assert names() == ("b", "a", None)


def test_nothing_gives_way_to_what_cannot_serve(database: Database, store: FolderStore, names: Names) -> None:
    (store.folder("a") / "weights.safetensors").write_bytes(b"torn")
    with pytest.raises(PackageError, match="sha256 differs"):
        keep_back_checked(database, store, "b", "7")
    with pytest.raises(PackageError, match="sha256 differs"):
        roll_back_checked(database, store, "7")
    assert names() == ("b", "a", None)
    assert database.transact(last_entries) == []


def test_the_first_champion_has_nobody_to_give_way_to(
    database: Database, tmp_path: Path, make_poet: Callable[..., Path]
) -> None:
    store = FolderStore(tmp_path / "poets")
    _, digest = store.publish(make_poet("a"))
    row: dict[str, Any] = {"version": "a", "digest": digest, "state": "founder", "metrics": {}}
    database.transact(partial(add_version, row=row))
    promote_checked(database, store, "a", "bot")
    with pytest.raises(VersionError, match="there is no version to go back to"):
        keep_back_checked(database, store, "a", "7")


def _blocked(session: Session) -> int:
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    return int(session.execute(text(query)).scalar_one())


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    "change", [roll_back_checked, lambda *known: keep_back_checked(known[0], known[1], "b", known[2])]
)
def test_two_who_press_at_once_do_not_undo_each_other(
    database: Database, store: FolderStore, names: Names, change: Callable[..., Any]
) -> None:
    """Both have seen that b serves when the first of them is let to change it."""
    with ThreadPoolExecutor(2) as people:

        def press(session: Session) -> list[Future[Any]]:
            standing(session, locked=True)
            pressed = [people.submit(change, database, store, by) for by in "78"]
            while database.transact(_blocked) < 2 and not any(one.done() for one in pressed):
                time.sleep(0.01)
            return pressed

        pressed = database.transact(press)
    assert [one.exception() is None for one in pressed].count(True) == 1
    (refused,) = filter(None, (one.exception() for one in pressed))
    assert isinstance(refused, VersionError)
    assert "another champion was named at the same time" in str(refused)
    assert names() == ("a", "b", None)
