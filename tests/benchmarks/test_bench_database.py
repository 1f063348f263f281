"""`poetbot bench database`: every press is kept, on SQLite and PostgreSQL, and nobody's poems are touched."""

import json

import pytest
from sqlalchemy import URL, func, select
from typer.testing import CliRunner

from bot.bench.database import Plan, measure
from bot.cli import app
from bot.errors import BotError
from bot.storage import Database
from bot.storage.models import Rating


def test_every_press_is_kept(database_url: URL) -> None:
    found = measure(Plan(presses=50, at_once=7), database_url)
    assert found.backend == database_url.get_backend_name()
    assert found.presses == 50
    assert 0 < found.p50_s <= found.p99_s <= found.seconds
    with Database(database_url) as database:
        ratings = database.transact(lambda session: session.scalar(select(func.count()).select_from(Rating)))
        # Whoever presses a button again takes it back.
        assert 0 < (ratings or 0) <= 7
    with pytest.raises(BotError, match="give an empty one"):
        measure(Plan(presses=50, at_once=7), database_url)


def test_the_command_measures_sqlite_by_itself() -> None:
    done = CliRunner().invoke(app, ["bench", "database", "--presses", "100", "--at-once", "5", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["presses"] == 100
