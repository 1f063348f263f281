"""A reader takes away what is theirs, is forgotten wholly, and comes back as somebody new."""

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.storage import Database
from bot.storage.models import (
    AuditEntry,
    Base,
    Broadcast,
    Delivery,
    Favourite,
    LearningJob,
    Poem,
    Rating,
    Showing,
    Subscription,
    UnreachableChat,
    User,
)
from bot.view.messages import say_for

if TYPE_CHECKING:
    from tests.e2e.conftest import Running

SAY = say_for("en")
# No other number contains it.
READER, OTHER, GROUP = 7_123_456_789, 2, -1001
# Where a reader's id can stand. A new table with a reader's id belongs here, and into `_live`.
PLACES = {
    "audit_entry.subject",
    "broadcast.admin_id",
    "broadcast.chat_id",
    "broadcast.cursor",
    "chat.id",
    "delivery.chat_id",
    "favourite.user_id",
    "learning_job.asked_by",
    "learning_job.chat_id",
    "poem.chat_id",
    "poem.user_id",
    "question.chat_id",
    "rating.user_id",
    "showing.chat_id",
    "subscription.chat_id",
    "subscription.user_id",
    "unreachable_chat.chat_id",
    "user_account.id",
}
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUEXIA_READER_PER_MINUTE", "0")


def _places(database: Database) -> set[str]:
    """Every column of every table in which the reader's id stands, in whatever way."""
    columns = [column for table in Base.metadata.sorted_tables for column in table.columns]

    def holds_it(session: Session, column: Any) -> bool:
        return any(str(READER) in str(value) for value in session.scalars(select(column)))

    return {
        f"{column.table.name}.{column.name}"
        for column in columns
        if database.transact(lambda session, column=column: holds_it(session, column))  # type: ignore[misc]
    }


async def _live(bot: "Running") -> None:
    """The reader does whatever leaves something behind; another reader is there too."""
    bot.chat_id = READER
    message = await bot.answer_to("/poem 月", READER)
    [poem] = bot.rows(Poem)
    await bot.press_data(message, f"r:{poem.id}:+", READER)
    for act in ("star", "lines", "line:2"):
        await bot.press_data(message, f"p:{poem.id}:{act}", READER)
    await bot.answer_to("/daily 07:30 +8", READER)
    await bot.answer_to("/title", READER)
    bot.chat_id = GROUP
    await bot.answer_to("/poem 花", OTHER)
    await bot.press_data(bot.answers[-1], f"r:{bot.rows(Poem)[-1].id}:-", READER)
    await bot.press_data(bot.answers[-1], f"p:{bot.rows(Poem)[-1].id}:star", READER)
    await bot.answer_to("/poem 雲", READER)
    flower, cloud = (poem.id for poem in bot.rows(Poem)[-2:])
    await bot.press_data(bot.answers[-1], f"r:{cloud}:+", OTHER)
    await bot.press_data(bot.answers[-1], f"p:{cloud}:star", OTHER)
    # What it takes an administrator or a day to leave behind.
    bot.database.transact(lambda session: _leave_traces(session, flower, cloud))
    bot.chat_id = READER


def _leave_traces(session: Session, flower: int, cloud: int) -> None:
    steered = {"kind": "message", "admin_id": READER, "chat_id": READER, "message_id": 5}
    sent = Broadcast(state="done", cursor=READER, **steered)
    session.add_all(
        [
            sent,
            Broadcast(state="draft", **steered),
            Broadcast(kind="daily", state="running", day=LONG_AGO.date()),
            Subscription(chat_id=GROUP, user_id=READER, minute=1, zone="+00:00", paused=False, next_at=LONG_AGO),
            Showing(poem_id=flower, chat_id=READER),
            UnreachableChat(chat_id=READER, reason="blocked"),
            LearningJob(id="job", cause="administrator", state="done", asked_by=READER, chat_id=READER),
            AuditEntry(who="1", action="unban", subject=str(READER)),
        ]
    )
    session.flush()
    delivered = {"broadcast_id": sent.id, "state": "sent", "attempts": 1, "due_at": LONG_AGO}
    session.add_all([Delivery(chat_id=READER, **delivered), Delivery(chat_id=GROUP, poem_id=cloud, **delivered)])


async def test_a_reader_takes_everything_away_and_is_forgotten(bot: "Running") -> None:
    await _live(bot)
    assert _places(bot.database) == PLACES
    await bot.answers_to("/export", READER)
    media = bot.answers[-1].media
    assert media is not None
    lines = [json.loads(line) for line in (media.content or b"").decode().splitlines()]
    told = [(line["text"][0], line["mine"], line["prefix"], line["rating"], line["favourite"]) for line in lines]
    assert told == [
        ("月", True, "月", 1, True),
        ("月", True, "月", None, False),
        ("花", False, None, -1, True),
        ("雲", True, "雲", None, False),
    ]

    question = await bot.answer_to("/forget", READER)
    await bot.press_data(question, f"x:yes:{OTHER}", READER)
    await bot.press_data(question, f"x:no:{READER}", READER)
    assert question.text == SAY("forget-not-done")
    assert len(bot.rows(Rating)) == 3
    question = await bot.answer_to("/forget", READER)
    await bot.press_data(question, f"x:yes:{READER}", READER)
    assert question.text == SAY("forget-done")
    assert _places(bot.database) == set()
    # The other reader's poem stays, and what they thought of the one that is gone went with it.
    assert [(poem.user_id, poem.text[0]) for poem in bot.rows(Poem)] == [(OTHER, "花")]
    assert bot.rows(Rating) == bot.rows(Favourite) == bot.rows(Subscription) == []
    assert [(row.chat_id, row.poem_id) for row in bot.rows(Delivery)] == [(GROUP, None)]

    assert (await bot.answer_to("/mine", READER)).text == SAY("shelf-mine-none")
    assert {user.id for user in bot.rows(User)} == {READER, OTHER}


async def test_nothing_is_exported_of_somebody_new(bot: "Running") -> None:
    assert (await bot.answer_to("/export")).text == SAY("export-nothing")
