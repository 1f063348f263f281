"""Shared by the tests of the bot's parts: a database with all tables."""

from collections.abc import Iterator

import hypothesis
import pytest
from sqlalchemy import URL

from bot.storage import Database

# A busy machine is no bug: an example may take as long as it takes.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.fixture
def database(database_url: URL) -> Iterator[Database]:
    """A fresh database at the newest revision, once on SQLite and once on PostgreSQL."""
    with Database(database_url) as opened:
        yield opened
