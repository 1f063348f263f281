"""`/metrics` while the database is away."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL

from bot.composing import Composer
from bot.storage import Database
from bot.storage.database import Result, Work
from bot.watching import exposition
from bot.watching.exposition import Exposition
from bot.watching.health import Health
from poetcore.generation import Poet


class _Silent(Database):
    """A database whose server has vanished: no work on it ends."""

    async def run(self, work: Work[Result]) -> Result:
        await asyncio.Event().wait()
        raise AssertionError


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[Database]:
    with _Silent(URL.create("sqlite", database=str(tmp_path / "yuexia.db"))) as database:
        yield database


async def test_a_database_that_never_answers_is_down_and_the_rest_is_told(
    monkeypatch: pytest.MonkeyPatch, silent: Database, make_poet: Callable[..., Path]
) -> None:
    monkeypatch.setattr(exposition, "_PATIENCE_S", 0)
    composer = Composer(Poet.load(make_poet("founder")))
    text = (await Exposition(silent, composer, Health(silent, composer)).text()).decode()
    composer.close()
    assert "\nyuexia_database_up 0.0\n" in text
    assert '\nyuexia_poet_info{version="founder"} 1.0\n' in text
