"""A database that is locked makes answers late; one that takes no writes is an apology. No rating is pretended."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from bot.storage import Database
from bot.storage.models import Poem, Rating
from bot.view.language import Language
from bot.view.messages import say_in

if TYPE_CHECKING:
    from sqlalchemy import URL

    from tests.e2e.conftest import Running

SORRY = say_in(Language.ENGLISH).plain("talk-sorry")


@pytest.fixture(autouse=True)
def _little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.storage.database._PATIENCE_MS", 500)
    monkeypatch.setattr("bot.inbox._LONGEST_WAIT_S", 0.05)


@contextmanager
def _only_read(database: Database) -> Iterator[None]:
    """The database refuses every write, as a full disk does."""
    server = database.engine.dialect.name == "postgresql"

    def set_to(on: bool) -> Any:
        statement = f"SET default_transaction_read_only = {on}" if server else f"PRAGMA query_only = {on}"

        def execute(connection: Any, *_: object) -> None:
            connection.execute(statement)
            if server:
                connection.commit()

        return execute

    refuse, allow = set_to(True), set_to(False)
    event.listen(database.engine, "checkout", refuse)
    yield
    event.remove(database.engine, "checkout", refuse)
    event.listen(database.engine, "checkout", allow)


async def test_a_database_that_takes_no_writes_is_an_apology(bot: "Running") -> None:
    poem = await bot.answer_to("/poem 月")
    with _only_read(bot.database):
        assert (await bot.answer_to("/poem 山")).text == SORRY
        bot.telegram.user_presses(poem.message_id, poem.keyboard[0][0].callback_data or "")
        await bot.telegram.wait_until(lambda: bool(bot.telegram.calls_of("answerCallbackQuery")))
        assert bot.telegram.calls_of("answerCallbackQuery")[0].parameters["text"] == SORRY
        assert bot.buttons(poem) == ["👍", "👎"]
    assert await bot.press(poem, 0) != SORRY
    assert [rating.value for rating in bot.rows(Rating)] == [1]
    assert len(bot.rows(Poem)) == 1


async def test_a_locked_database_makes_answers_late(bot: "Running", database_url: "URL") -> None:
    with Database(database_url) as other, other.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("LOCK TABLE inbox IN ACCESS EXCLUSIVE MODE")
        asked = len(bot.telegram.calls_of("getUpdates"))
        bot.telegram.user_sends("/poem 月")
        await bot.telegram.wait_until(lambda: len(bot.telegram.calls_of("getUpdates")) > asked + 1)
        assert bot.answers == []
    await bot.telegram.wait_until(lambda: len(bot.answers) == 1)
    assert len(bot.rows(Poem)) == 1
