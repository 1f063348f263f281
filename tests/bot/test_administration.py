"""What is counted for administrators: errors, deeds, figures and their picture."""

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.handlers.errors import happened
from bot.jobs.wishes import ask_now
from bot.poets.changing import promote_checked, roll_back_checked
from bot.poets.store import FolderStore
from bot.storage import Database
from bot.storage.audit import Action, audited, last_entries
from bot.storage.failures import KEPT, Happened, last_failures, note_failure
from bot.storage.models import Chat, Failure, Poem, User
from bot.storage.statistics import DAYS, statistics
from bot.storage.versions import add_version
from bot.view.chart import chart_png
from poetcore.errors import RequestError
from poetcore.generation import ComposeRequest

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def test_errors_are_counted_and_the_table_does_not_grow(database: Database) -> None:
    for number in range(KEPT + 20):
        error = Happened("KeyError", "rate.rate", f"bot.view.poems:{number}", number)
        database.transact(partial(note_failure, happened=error, at=NOW + timedelta(seconds=number)))
    again = Happened("KeyError", "rate.rate", "bot.view.poems:50", 777)
    database.transact(partial(note_failure, happened=again, at=NOW + timedelta(hours=1)))
    rows = database.transact(lambda session: list(session.scalars(select(Failure))))
    assert len(rows) == KEPT
    assert min(row.update_id or 0 for row in rows) == 20
    newest = database.transact(last_failures)[0]
    assert (newest.place, newest.times, newest.update_id) == ("bot.view.poems:50", 2, 777)
    assert (newest.first_at, newest.last_at) == (NOW + timedelta(seconds=50), NOW + timedelta(hours=1))


def test_an_error_is_told_by_its_class_and_place_alone() -> None:
    with pytest.raises(RequestError) as caught:
        ComposeRequest(seed=-1, title="月下")
    told = happened(caught.value, 7)
    assert (told.kind, told.handler, told.update_id) == ("RequestError", "–", 7)
    assert re.fullmatch(r"poetcore\.generation\.request:\d+", told.place)


def test_what_was_not_done_is_not_in_the_audit(database: Database) -> None:
    def nothing(_: Session) -> bool:
        return False

    def fails(_: Session) -> bool:
        raise RuntimeError

    database.transact(audited(nothing, "7", Action.BAN, "1"))
    with pytest.raises(RuntimeError):
        database.transact(audited(fails, "7", Action.BAN, "1"))
    assert database.transact(last_entries) == []
    database.transact(audited(lambda _: True, "7", Action.BAN, "1"))
    [entry] = database.transact(last_entries)
    assert (entry.who, entry.action, entry.subject) == ("7", "ban", "1")


def test_what_is_done_to_the_poet_is_in_the_audit(
    database: Database, tmp_path: Path, make_poet: Callable[..., Path]
) -> None:
    store = FolderStore(tmp_path / "poets")
    for version in ("one", "two"):
        _, digest = store.publish(make_poet(version))
        row: dict[str, Any] = {"version": version, "digest": digest, "state": "passed", "metrics": {}}
        database.transact(partial(add_version, row=row))
        promote_checked(database, store, version, "7")
    promote_checked(database, store, "two", "7")
    roll_back_checked(database, store, "cli")
    assert ask_now(database) != ask_now(database)
    deeds = [(entry.who, entry.action, entry.subject) for entry in database.transact(last_entries)]
    begun, *changed = deeds
    assert (begun[0], begun[1]) == ("cli", "retrain")
    assert changed == [("cli", "roll back", "one"), ("7", "promote", "two"), ("7", "promote", "one")]


def test_poems_are_counted_day_by_day(database: Database) -> None:
    def work(session: Session) -> None:
        session.add_all(
            [User(id=1, seen_at=NOW - timedelta(days=8)), User(id=2, seen_at=NOW), Chat(id=1, kind="private")]
        )
        session.flush()
        for hours in (0, 1, 23.9, 24.1, 24 * DAYS - 1, 24 * DAYS + 1):
            session.add(
                Poem(
                    user_id=1,
                    chat_id=1,
                    script="hant",
                    best_of=16,
                    temperature=0.8,
                    seed=1,
                    poet="base",
                    text="月。",
                    form=None,
                    score=-4.5,
                    created_at=NOW - timedelta(hours=hours),
                )
            )

    database.transact(work)
    counted = database.transact(partial(statistics, at=NOW))
    assert (counted.readers, counted.active, counted.poems) == (2, 1, 6)
    assert counted.days == (1, *[0] * (DAYS - 3), 1, 3)
    assert (counted.ratings.ratings, counted.ratings.share, counted.by_poet, counted.by_form) == (0, 0.0, (), ())


@pytest.mark.parametrize("days", [[0] * DAYS, [0, 5, 10, *[1] * (DAYS - 3)]])
def test_the_picture_has_a_bar_a_day_and_one_a_version(days: list[int]) -> None:
    versions = [("x" * 60, 0.5, 1_000_000), ("a", 0.0, 0), *[("b", 1.0, 3)] * 10]
    image = Image.open(io.BytesIO(chart_png(days, versions))).convert("RGB")
    assert image.size == (800, 450)
    bars = [image.getpixel((43 + round(number * 25), 408)) == (120, 130, 140) for number in range(DAYS)]
    assert bars == [count > 0 for count in days]
    reds = [sum(image.getpixel((x, 84 + 40 * row)) == (160, 50, 40) for x in range(430, 761)) for row in range(3)]
    assert reds == [pytest.approx(165, abs=2), 0, pytest.approx(330, abs=2)]
