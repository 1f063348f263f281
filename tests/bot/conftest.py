"""Shared by the tests of the bot's parts: a database with all tables."""

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from sqlalchemy import URL

from bot.storage import Database
from bot.storage.schema import upgrade

# A busy machine is no bug: an example may take as long as it takes.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A fresh SQLite database at the newest revision."""
    with Database(URL.create("sqlite", database=str(tmp_path / "yuexia.db"))) as opened:
        upgrade(opened)
        yield opened
