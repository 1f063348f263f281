"""Erasing a reader while others go on."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

from sqlalchemy import select

from bot.storage import Database
from bot.storage.forgetting import forget
from bot.storage.models import Chat, Poem, Rating, User
from bot.storage.poems import add_poem, press

ANN, BEA = 7_000_000_001, 7_000_000_002
GROUP = -1_000_000_000_123


def _poem_of(database: Database, reader: int) -> int:
    poem = Poem(
        user_id=reader,
        chat_id=GROUP,
        script="hant",
        best_of=16,
        temperature=0.8,
        seed=1,
        poet="toy",
        text="月下孤舟過遠灘，江風吹葉夜初寒。",
        form=None,
        score=-4.5,
    )
    return database.transact(partial(add_poem, poem=poem))


def test_others_press_on_while_a_reader_is_erased(database: Database) -> None:
    database.transact(lambda session: session.add_all([User(id=ANN), User(id=BEA), Chat(id=GROUP, kind="group")]))
    gone, stays = _poem_of(database, ANN), _poem_of(database, BEA)
    works = [
        partial(press, poem_id=poem_id, chat_id=GROUP, user_id=BEA, value=1)
        for _ in range(20)
        for poem_id in (gone, stays)
    ]
    with ThreadPoolExecutor(8) as threads:
        before = [threads.submit(database.transact, work) for work in works]
        erasing = threads.submit(database.transact, partial(forget, user_id=ANN))
        after = [threads.submit(database.transact, work) for work in works]
        erasing.result()
        outcomes = [press.result() for press in (*before, *after)]
    # An even number of presses: each rating was withdrawn, and whoever came too late found no poem.
    assert all(outcome is not None for outcome in outcomes[1::2])
    assert database.transact(lambda session: session.scalars(select(Rating)).all()) == []
    assert database.transact(lambda session: session.scalars(select(Poem.id)).all()) == [stays]
    assert database.transact(lambda session: session.scalars(select(User.id)).all()) == [BEA]


def test_whoever_is_not_there_is_erased_without_ado(database: Database) -> None:
    database.transact(lambda session: session.add(User(id=BEA)))
    database.transact(partial(forget, user_id=ANN))
    assert database.transact(lambda session: session.scalars(select(User.id)).all()) == [BEA]
