"""What the database remembers, and when."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event, func, make_url, select, text, update
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import Session

from bot.storage import Database
from bot.storage.chats import move_chat
from bot.storage.keeping import ANSWERED_WITHIN, Asking, answered, ask, is_favourite, toggle_favourite
from bot.storage.models import Chat, HandledUpdate, Poem, Question, Rating, User, Variation
from bot.storage.poems import (
    Descent,
    Pressed,
    Tally,
    add_poem,
    last_texts,
    note_message,
    open_poem,
    poem_at,
    press,
    share,
)
from bot.storage.readers import REMEMBERED, Arrival, admit, forget_old_updates

ANN, BEA = 7_000_000_001, 7_000_000_002
GROUP = -1_000_000_000_123


def _arrival(update_id: int = 1, user_id: int = ANN, language: str | None = "zh-hant", bot_id: int = 5) -> Arrival:
    return Arrival(bot_id, update_id, user_id, language, GROUP, "supergroup")


def _new_poem() -> Poem:
    return Poem(
        user_id=ANN,
        chat_id=GROUP,
        script="hant",
        best_of=16,
        temperature=0.9,
        seed=2**31 - 1,
        poet="toy",
        text="月下孤舟過遠灘，江風吹葉夜初寒。",
        form=None,
        score=-4.5,
    )


@pytest.fixture
def poem_id(database: Database) -> int:
    """A poem that Ann asked for in a group in which Bea is too."""
    database.transact(partial(admit, arrival=_arrival(1, ANN)))
    database.transact(partial(admit, arrival=_arrival(2, BEA)))
    return database.transact(partial(add_poem, poem=_new_poem()))


@pytest.fixture
def presses(database: Database, poem_id: int) -> Callable[[int, int], tuple[Pressed, Tally] | None]:
    """Press a button: who, value."""
    return lambda user_id, value: database.transact(
        partial(press, poem_id=poem_id, chat_id=GROUP, user_id=user_id, value=value)
    )


def _count(session: Session, table: type) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_an_update_is_admitted_once_for_each_bot(database: Database) -> None:
    assert database.transact(partial(admit, arrival=_arrival(1)))
    assert not database.transact(partial(admit, arrival=_arrival(1)))
    assert database.transact(partial(admit, arrival=_arrival(1, bot_id=6)))
    assert database.transact(partial(admit, arrival=_arrival(2**40)))


def test_a_reader_is_known_by_id_with_the_last_language(database: Database) -> None:
    database.transact(partial(admit, arrival=_arrival(1, language="en")))
    first = database.transact(lambda session: session.get_one(User, ANN))
    database.transact(partial(admit, arrival=_arrival(2, language="zh-hans")))
    user = database.transact(lambda session: session.get_one(User, ANN))
    chat = database.transact(lambda session: session.get_one(Chat, GROUP))
    assert (user.language_code, user.created_at) == ("zh-hans", first.created_at)
    assert user.seen_at >= first.seen_at
    assert chat.kind == "supergroup"
    assert database.transact(partial(_count, table=User)) == 1


def test_a_press_rates_changes_and_withdraws(presses: Callable[[int, int], tuple[Pressed, Tally] | None]) -> None:
    assert presses(ANN, 1) == (Pressed.RATED, Tally(1, 0))
    assert presses(BEA, 1) == (Pressed.RATED, Tally(2, 0))
    assert presses(ANN, -1) == (Pressed.CHANGED, Tally(1, 1))
    assert presses(ANN, -1) == (Pressed.WITHDRAWN, Tally(1, 0))
    assert presses(ANN, -1) == (Pressed.RATED, Tally(1, 1))


def test_only_a_poem_of_that_chat_is_rated(database: Database, poem_id: int) -> None:
    for poem, chat in ((poem_id + 1, GROUP), (poem_id, ANN)):
        assert database.transact(partial(press, poem_id=poem, chat_id=chat, user_id=ANN, value=1)) is None
    assert database.transact(partial(_count, table=Rating)) == 0


def test_a_poem_is_opened_by_its_reader_and_once_shared_by_everyone(database: Database, poem_id: int) -> None:
    database.transact(lambda session: session.add_all(Chat(id=chat_id, kind="private") for chat_id in (ANN, BEA)))

    def opens(reader: int) -> bool:
        work = partial(open_poem, poem_id=poem_id, chat_id=reader, user_id=reader)
        return database.transact(work) is not None

    assert not opens(BEA)
    assert opens(ANN)
    assert database.transact(partial(poem_at, poem_id=poem_id, chat_id=ANN)) is not None
    assert database.transact(partial(share, poem_id=poem_id, chat_id=BEA)) is None
    assert not opens(BEA)
    shared = [database.transact(partial(share, poem_id=poem_id, chat_id=GROUP)) for _ in range(2)]
    assert len({poem and poem.shared_at for poem in shared}) == 1
    assert opens(BEA)
    assert opens(BEA)
    assert database.transact(partial(press, poem_id=poem_id, chat_id=BEA, user_id=BEA, value=1)) is not None
    assert database.transact(partial(open_poem, poem_id=poem_id + 1, chat_id=BEA, user_id=BEA)) is None


def test_what_stands_in_a_group_moves_with_it(database: Database, poem_id: int) -> None:
    database.transact(lambda session: session.add(Chat(id=-7, kind="group")))
    database.transact(partial(share, poem_id=poem_id, chat_id=GROUP))
    database.transact(partial(open_poem, poem_id=poem_id, chat_id=-7, user_id=BEA))
    database.transact(partial(ask, chat_id=-7, asking=Asking("title")))
    database.transact(partial(move_chat, old_id=-7, new_id=-8))
    assert database.transact(partial(poem_at, poem_id=poem_id, chat_id=-7)) is None
    assert database.transact(partial(poem_at, poem_id=poem_id, chat_id=-8)) is not None
    assert database.transact(partial(answered, chat_id=-8)) == Asking("title")


def test_a_favourite_is_each_readers_own(database: Database, poem_id: int) -> None:
    def keeps(reader: int) -> bool:
        return database.transact(partial(is_favourite, user_id=reader, poem_id=poem_id))

    toggle = partial(toggle_favourite, user_id=ANN, poem_id=poem_id)
    assert database.transact(toggle)
    assert (keeps(ANN), keeps(BEA)) == (True, False)
    assert not database.transact(toggle)
    assert (keeps(ANN), keeps(BEA)) == (False, False)


def test_a_question_waits_an_hour_for_one_answer(database: Database, poem_id: int) -> None:
    for asking in (Asking("title"), Asking("prefix", "七絕")):
        database.transact(partial(ask, chat_id=GROUP, asking=asking))
    assert database.transact(partial(answered, chat_id=GROUP)) == Asking("prefix", "七絕")
    assert database.transact(partial(answered, chat_id=GROUP)) is None
    database.transact(partial(ask, chat_id=GROUP, asking=Asking("title")))
    long_ago = datetime.now(UTC) - ANSWERED_WITHIN - timedelta(minutes=1)
    database.transact(lambda session: session.execute(update(Question).values(asked_at=long_ago)))
    assert database.transact(partial(answered, chat_id=GROUP)) is None


def test_a_variation_knows_its_parent_as_long_as_there_is_one(database: Database, poem_id: int) -> None:
    child = database.transact(partial(add_poem, poem=_new_poem(), descent=Descent(poem_id, 2)))
    variation = database.transact(lambda session: session.get_one(Variation, child))
    assert (variation.parent_id, variation.line) == (poem_id, 2)
    database.transact(lambda session: session.delete(session.get_one(Poem, poem_id)))
    assert database.transact(partial(_count, table=Variation)) == 0
    orphan = database.transact(partial(add_poem, poem=_new_poem(), descent=Descent(poem_id, 2)))
    assert database.transact(lambda session: session.get(Variation, orphan)) is None


def test_presses_at_once_are_counted_one_by_one(database: Database, poem_id: int) -> None:
    work = partial(press, poem_id=poem_id, chat_id=GROUP, user_id=ANN, value=1)
    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(lambda _: database.transact(work), range(40)))
    done = [result[0] for result in results if result is not None]
    assert (done.count(Pressed.RATED), done.count(Pressed.WITHDRAWN)) == (20, 20)
    assert database.transact(partial(_count, table=Rating)) == 0


@pytest.mark.parametrize("value", [0, 2, -2])
def test_a_rating_is_one_up_or_one_down(database: Database, poem_id: int, value: int) -> None:
    with pytest.raises(IntegrityError):
        database.transact(lambda session: session.add(Rating(poem_id=poem_id, user_id=ANN, value=value)))


def test_a_poem_needs_its_reader(database: Database) -> None:
    with pytest.raises(IntegrityError):
        database.transact(partial(add_poem, poem=_new_poem()))


def test_the_message_of_a_poem_is_noted(database: Database, poem_id: int) -> None:
    database.transact(partial(note_message, poem_id=poem_id, message_id=2**33))
    assert database.transact(lambda session: session.get_one(Poem, poem_id)).message_id == 2**33


def test_the_last_poems_of_a_chat_are_known_newest_first(database: Database, poem_id: int) -> None:
    for number in range(14):
        poem = _new_poem()
        poem.text = str(number)
        database.transact(partial(add_poem, poem=poem))
    assert database.transact(partial(last_texts, chat_id=GROUP)) == tuple(map(str, range(13, 1, -1)))
    assert database.transact(partial(last_texts, chat_id=ANN)) == ()


def test_work_that_fails_leaves_nothing(database: Database) -> None:
    def work(session: Session) -> None:
        admit(session, _arrival(1))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        database.transact(work)
    assert database.transact(partial(_count, table=HandledUpdate)) == 0


async def test_work_off_the_event_loop(database: Database) -> None:
    assert await database.run(partial(admit, arrival=_arrival(1, BEA)))
    with pytest.raises(IntegrityError):
        await database.run(partial(add_poem, poem=_new_poem()))


def test_old_updates_are_forgotten(database: Database) -> None:
    old = HandledUpdate(bot_id=5, update_id=1, handled_at=datetime.now(UTC) - REMEMBERED - timedelta(minutes=1))
    database.transact(lambda session: session.add(old))
    database.transact(partial(admit, arrival=_arrival(2)))
    database.transact(forget_old_updates)
    assert database.transact(lambda session: list(session.scalars(select(HandledUpdate.update_id)))) == [2]


def test_moments_come_back_in_utc(database: Database) -> None:
    moment = datetime(2024, 2, 29, 8, 0, tzinfo=timezone(timedelta(hours=8)))
    database.transact(lambda session: session.add(User(id=1, created_at=moment, seen_at=moment)))
    user = database.transact(lambda session: session.get_one(User, 1))
    assert user.created_at == datetime(2024, 2, 29, 0, 0, tzinfo=UTC)
    assert user.created_at.tzinfo is UTC


def test_a_moment_without_zone_is_refused(database: Database) -> None:
    naive = datetime(2024, 2, 29)  # noqa: DTZ001 the mistake under test
    with pytest.raises(StatementError, match="has no time zone"):
        database.transact(lambda session: session.add(User(id=1, created_at=naive)))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_sqlite_is_told_to_be_safe(database: Database) -> None:
    with database.engine.connect() as connection:
        found = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}


def test_a_postgresql_that_vanishes_is_given_up_unless_its_address_says_otherwise() -> None:
    told: dict[str, Any] = {}

    def note(_: object, __: object, ___: object, arguments: dict[str, Any]) -> None:
        told.update(arguments)
        raise InterruptedError

    address = make_url("postgresql+psycopg://poet@db/yuexia?keepalives_idle=60")
    with Database(address) as database:
        event.listen(database.engine, "do_connect", note)
        with pytest.raises(InterruptedError):
            database.transact(lambda session: session.execute(text("SELECT 1")))
    known = ("connect_timeout", "tcp_user_timeout", "keepalives_idle", "keepalives_interval", "keepalives_count")
    assert [told[name] for name in known] == [10, 15_000, "60", 5, 3]
