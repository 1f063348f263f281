"""Exactly one champion, whatever is promoted, turned down or rolled back, and by however many at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from bot.storage import Database
from bot.storage.versions import (
    Alias,
    add_version,
    called,
    challenge,
    lineage,
    listed,
    promote,
    roll_back,
    turn_down,
)

Names = Callable[[], dict[str, str]]


def _row(version: str, parent: str | None = None) -> dict[str, Any]:
    return {
        "version": version,
        "digest": "0" * 64,
        "parent": parent,
        "job_id": None,
        "state": "passed",
        "data_fingerprint": None,
        "metrics": {"bits_per_hanzi": 7.6},
        "verdict": None,
    }


@pytest.fixture
def names(database: Database) -> Names:
    """Versions a ← b ← c ← d are known, a is the champion; shows which version has which alias."""
    for version, parent in zip("abcd", (None, "a", "b", "c"), strict=True):
        database.transact(partial(add_version, row=_row(version, parent)))
    database.transact(partial(promote, version="a", by="bot"))

    def read() -> dict[str, str]:
        found = {alias: database.transact(partial(called, alias=alias)) for alias in Alias}
        return {alias.value: served.version for alias, served in found.items() if served}

    return read


def test_the_first_promotion_makes_the_champion(names: Names) -> None:
    assert names() == {"champion": "a"}


def test_a_promotion_makes_the_champion_previous(database: Database, names: Names) -> None:
    assert database.transact(partial(promote, version="b", by="7"))
    assert names() == {"champion": "b", "previous": "a"}
    assert not database.transact(partial(promote, version="b", by="7"))
    assert names() == {"champion": "b", "previous": "a"}


def test_a_rollback_is_undone_by_another(database: Database, names: Names) -> None:
    assert database.transact(partial(roll_back, by="7")) is None
    database.transact(partial(promote, version="b", by="7"))
    served = database.transact(partial(roll_back, by="7"))
    assert served is not None
    assert served.version == "a"
    assert names() == {"champion": "a", "previous": "b"}
    database.transact(partial(roll_back, by="7"))
    assert names() == {"champion": "b", "previous": "a"}


def test_a_challenger_waits_and_is_promoted_or_turned_down(database: Database, names: Names) -> None:
    database.transact(partial(challenge, version="b", by="worker"))
    database.transact(partial(challenge, version="c", by="worker"))
    assert names() == {"champion": "a", "challenger": "c"}
    database.transact(partial(promote, version="c", by="7"))
    assert names() == {"champion": "c", "previous": "a"}
    database.transact(partial(challenge, version="d", by="worker"))
    assert not database.transact(partial(turn_down, version="b"))
    assert database.transact(partial(turn_down, version="d"))
    assert not database.transact(partial(turn_down, version="d"))
    assert names() == {"champion": "c", "previous": "a"}


def test_a_promotion_that_expects_another_champion_does_nothing(database: Database, names: Names) -> None:
    assert not database.transact(partial(promote, version="c", by="worker", only_after="b"))
    assert names() == {"champion": "a"}
    assert database.transact(partial(promote, version="c", by="worker", only_after="a"))


def test_promotions_at_once_leave_one_champion(database: Database, names: Names) -> None:
    def change(number: int) -> None:
        if number % 3:
            database.transact(partial(promote, version="abcd"[number % 4], by="7"))
        else:
            database.transact(partial(roll_back, by="7"))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(change, range(40)))
    now = names()
    assert set(now) == {"champion", "previous"}
    assert now["champion"] != now["previous"]


def test_first_promotions_at_once_leave_one_champion(database: Database) -> None:
    for version in "ab":
        database.transact(partial(add_version, row=_row(version)))
    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(lambda v: database.transact(partial(promote, version=v, by="bot")), "abababab"))
    assert won.count(True) >= 1
    champion = database.transact(partial(called, alias=Alias.CHAMPION))
    assert champion is not None


def test_a_version_is_known_once(database: Database, names: Names) -> None:
    assert not database.transact(partial(add_version, row=_row("a", "elsewhere")))
    assert database.transact(partial(lineage, version="c")) == ["c", "b", "a"]
    rows = database.transact(listed)
    assert [(entry.row.version, entry.row.parent, entry.aliases) for entry in rows] == [
        ("a", None, ("champion",)),
        ("b", "a", ()),
        ("c", "b", ()),
        ("d", "c", ()),
    ]
