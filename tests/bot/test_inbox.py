"""The inbox: nothing that was kept is lost, nothing is handled twice, each chat in order, by however many processes."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

import pytest
from sqlalchemy import URL, event, func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from telegram import Update

from bot.api import TelegramBot, make_bot
from bot.inbox import Inbox, InTurn, Json, chat_key
from bot.storage import Database
from bot.storage import inbox as storage_inbox
from bot.storage.inbox import LEASE, Turn, take_turn
from bot.storage.models import HandledUpdate, InboxUpdate, now
from bot.storage.readers import REMEMBERED
from bot.storage.upserts import insert_or_ignore

BOT: Final = 5


@pytest.fixture
def bot(monkeypatch: pytest.MonkeyPatch) -> TelegramBot:
    """A bot that was told who it is."""
    monkeypatch.setattr(TelegramBot, "id", BOT)
    return make_bot(f"{BOT}:token", "http://127.0.0.1:9/bot")


def _message(update_id: int, chat_id: int, text: str = "/poem") -> Json:
    chat = {"id": chat_id, "type": "private"}
    return {"update_id": update_id, "message": {"message_id": 1, "date": 1, "chat": chat, "text": text}}


class Process:
    """A process's hand in the inbox, and what it was handed."""

    def __init__(self, database: Database, bot: TelegramBot, room: int = 64) -> None:
        self.inbox = Inbox(database, bot, self._hear, room)
        self.heard: asyncio.Queue[int] = asyncio.Queue()

    def _hear(self, update: Update) -> None:
        self.heard.put_nowait(update.update_id)

    async def hears(self, count: int) -> list[int]:
        """The next so many updates that it is handed."""
        return [await self.heard.get() for _ in range(count)]


def _waiting(database: Database) -> int:
    return database.transact(lambda session: session.scalar(select(func.count()).select_from(InboxUpdate)) or 0)


async def test_each_chat_is_in_order_and_others_do_not_wait_for_it(database: Database, bot: TelegramBot) -> None:
    process = Process(database, bot)
    async with process.inbox.open():
        await process.inbox.put([_message(n, chat_id=1) for n in (3, 1, 2)] + [_message(4, chat_id=2)])
        assert await process.hears(2) == [1, 4]
        for number in (1, 2, 3):
            process.inbox.handled(number)
            if number < 3:
                assert await process.hears(1) == [number + 1]
    process.inbox.handled(4)
    await process.inbox.leave()
    assert _waiting(database) == 0


async def test_only_so_many_are_in_hand(database: Database, bot: TelegramBot) -> None:
    process = Process(database, bot, room=2)
    async with process.inbox.open():
        await process.inbox.put([_message(n, chat_id=n) for n in range(1, 5)])
        assert await process.hears(2) == [1, 2]
        await process.inbox.put([_message(5, chat_id=5)])
        assert process.heard.empty()
        process.inbox.handled(2)
        assert await process.hears(1) == [3]


def _begin(session: Session, update_id: int) -> bool:
    """As the gate does."""
    return insert_or_ignore(session, HandledUpdate, {"bot_id": BOT, "update_id": update_id, "handled_at": now()})


async def test_two_processes_handle_each_update_once_and_each_chat_in_order(
    database_url: URL, bot: TelegramBot
) -> None:
    chats, rounds = 5, 8
    done: dict[int, list[int]] = defaultdict(list)
    at_work: set[int] = set()

    async def work(database: Database, process: Process) -> None:
        while True:
            number = await process.heard.get()
            chat = number % chats
            assert chat not in at_work
            at_work.add(chat)
            if await database.run(partial(_begin, update_id=number)):
                done[chat].append(number)
            at_work.remove(chat)
            process.inbox.handled(number)

    with Database(database_url) as one, Database(database_url) as other:
        processes = Process(one, bot, room=3), Process(other, bot, room=3)
        async with processes[0].inbox.open(), processes[1].inbox.open(), asyncio.TaskGroup() as group:
            pairs = zip((one, other), processes, strict=True)
            workers = [group.create_task(work(*pair)) for pair in pairs]
            for number in range(chats * rounds):
                # Telegram sends one again whose confirmation was late.
                await processes[number % 2].inbox.put([_message(number, chat_id=1 + number % chats)])
                if not number % 7:
                    await processes[1 - number % 2].inbox.put([_message(number, chat_id=1 + number % chats)])
            while sum(map(len, done.values())) < chats * rounds:
                await asyncio.sleep(0.01)
            for worker in workers:
                worker.cancel()
    assert done == {chat: list(range(chat, chats * rounds, chats)) for chat in range(chats)}


async def test_a_dead_process_loses_what_it_had_begun_and_nothing_else(
    database_url: URL, bot: TelegramBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Database(database_url) as one, Database(database_url) as other:
        dead, alive = Process(one, bot), Process(other, bot)
        async with dead.inbox.open():
            await dead.inbox.put([_message(1, 1), _message(2, 2), _message(3, 1)])
            assert await dead.hears(2) == [1, 2]
            one.transact(partial(_begin, update_id=1))
        # It never says that it leaves. Its lease runs out.
        monkeypatch.setattr("bot.inbox.now", lambda: now() + 2 * LEASE)
        async with alive.inbox.open():
            assert sorted(await alive.hears(2)) == [2, 3]
            alive.inbox.handled(2)
            alive.inbox.handled(3)
        await alive.inbox.leave()
        assert _waiting(other) == 0


async def test_who_leaves_lets_the_others_have_the_rest_at_once(database_url: URL, bot: TelegramBot) -> None:
    with Database(database_url) as one, Database(database_url) as other:
        leaving, staying = Process(one, bot), Process(other, bot)
        async with leaving.inbox.open():
            await leaving.inbox.put([_message(1, 1), _message(2, 1)])
            assert await leaving.hears(1) == [1]
        await leaving.inbox.leave()
        async with staying.inbox.open():
            assert await staying.hears(1) == [1]


async def test_old_updates_are_forgotten_while_it_runs(database: Database, bot: TelegramBot) -> None:
    old = HandledUpdate(bot_id=BOT, update_id=1, handled_at=now() - 2 * REMEMBERED)
    database.transact(lambda session: session.add(old))
    process = Process(database, bot)
    async with process.inbox.open():
        await process.inbox.put([_message(2, chat_id=1)])
    assert database.transact(lambda session: session.scalar(select(func.count()).select_from(HandledUpdate))) == 0


async def test_what_cannot_be_read_is_passed_over(database: Database, bot: TelegramBot) -> None:
    process = Process(database, bot)
    broken: list[Json] = [{"update_id": 1, "callback_query": 5}, {"update_id": 2, "message": {"message_id": 1}}]
    async with process.inbox.open():
        await process.inbox.put([*broken, _message(3, chat_id=0)])
        assert await process.hears(1) == [3]
    await process.inbox.leave()
    assert _waiting(database) == 1


@pytest.mark.parametrize("update", [{}, {"update_id": "x"}, {"update_id": None}])
async def test_what_is_no_update_is_refused(database: Database, bot: TelegramBot, update: Json) -> None:
    with pytest.raises(ValueError, match="update without an id"):
        await Process(database, bot).inbox.put([update])


@pytest.mark.parametrize(
    ("update", "key"),
    [
        (_message(1, chat_id=-100), -100),
        ({"update_id": 1, "callback_query": {"from": {"id": 7}, "message": {"chat": {"id": -100}}}}, -100),
        ({"update_id": 1, "callback_query": {"from": {"id": 7}, "inline_message_id": "x"}}, 7),
        ({"update_id": 1, "inline_query": {"from": {"id": 7}}}, 7),
        ({"update_id": 1, "poll": {"id": "5"}}, 0),
        ({"update_id": 1, "message": {"chat": "me", "from": [1]}}, 0),
    ],
)
def test_the_chat_of_an_update(update: Json, key: int) -> None:
    assert chat_key(update) == key


@contextmanager
def _full(database: Database) -> Iterator[None]:
    """No page more than there is now."""

    def limit(connection: Any, *_: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")

    event.listen(database.engine, "checkout", limit)
    yield
    event.remove(database.engine, "checkout", limit)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_full_database_hands_on_what_it_cannot_keep(database: Database, bot: TelegramBot) -> None:
    process = Process(database, bot)
    with _full(database):
        async with process.inbox.open():
            await process.inbox.put([_message(1, chat_id=1, text="月" * 4096)])
            assert await process.hears(1) == [1]
    assert _waiting(database) == 0


async def test_a_locked_database_is_not_told_that_it_kept_anything(
    database_url: URL, bot: TelegramBot, monkeypatch: pytest.MonkeyPatch, locked: Callable[[], Any]
) -> None:
    monkeypatch.setattr("bot.storage.database._PATIENCE_MS", 50)
    with Database(database_url) as database:
        process = Process(database, bot)
        async with process.inbox.open():
            with locked(), pytest.raises(OperationalError):
                await process.inbox.put([_message(1, chat_id=1)])
            await process.inbox.put([_message(1, chat_id=1)])
            assert await process.hears(1) == [1]


@pytest.fixture
def locked(database_url: URL) -> Callable[[], Any]:
    """Another program that has the inbox to itself for a while."""

    @contextmanager
    def hold() -> Iterator[None]:
        with Database(database_url) as other, other.engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql("LOCK TABLE inbox IN ACCESS EXCLUSIVE MODE")
            yield

    return hold


async def test_a_handler_that_fails_has_handled_and_one_that_is_given_up_has_not(
    database: Database, bot: TelegramBot
) -> None:
    process = Process(database, bot)
    in_turn, begun = InTurn(process.inbox), asyncio.Event()

    async def fail() -> None:
        raise RuntimeError

    async def wait() -> None:
        begun.set()
        await asyncio.Event().wait()

    async def begin(update_id: int, handling: Any) -> None:
        update = Update.de_json(_message(update_id, update_id), bot)
        await in_turn.process_update(update, handling)

    async with process.inbox.open():
        await process.inbox.put([_message(1, 1), _message(2, 2)])
        assert await process.hears(2) == [1, 2]
    tasks = [asyncio.create_task(begin(1, fail())), asyncio.create_task(begin(2, wait()))]
    await begun.wait()
    await in_turn.shutdown()
    assert [type(result) for result in await asyncio.gather(*tasks, return_exceptions=True)] == [
        RuntimeError,
        asyncio.CancelledError,
    ]
    await process.inbox.leave()
    left = database.transact(lambda session: list(session.scalars(select(InboxUpdate.update_id))))
    assert left == [2]


def _keep(session: Session, update_id: int) -> None:
    session.add(InboxUpdate(bot_id=BOT, update_id=update_id, chat_key=1, content="{}"))


def test_updates_of_another_bot_are_not_touched(database: Database) -> None:
    database.transact(partial(_keep, update_id=1))
    other = Turn(bot_id=BOT + 1, holder="x", at=now(), room=9, handled=(1,))
    assert database.transact(partial(take_turn, turn=other)) == []
    assert database.transact(partial(take_turn, turn=Turn(BOT, "x", now(), room=9))) == [(1, "{}")]


async def test_numbers_that_no_database_keeps_hold_nothing_up(database: Database, bot: TelegramBot) -> None:
    process, huge = Process(database, bot), 2**63
    async with process.inbox.open():
        await process.inbox.put([_message(huge, 1), _message(1, huge), _message(2, 3)])
        assert await process.hears(1) == [2]
        for number in (1, 2):
            process.inbox.handled(number)
        with pytest.raises(ValueError, match="without an id"):
            await process.inbox.put([{"update_id": float("inf")}])
        await process.inbox.put([_message(4, 3)])
        assert await process.hears(1) == [4]


async def test_whatever_goes_wrong_the_inbox_goes_on(
    database: Database, bot: TelegramBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = Process(database, bot)
    async with process.inbox.open():
        with monkeypatch.context() as patch:
            patch.setattr(storage_inbox, "take_turn", lambda *_, **__: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                await process.inbox.put([_message(1, 1)])
        await process.inbox.put([_message(1, 1)])
        assert await process.hears(1) == [1]
