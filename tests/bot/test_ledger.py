"""The ledger of deliveries: who may send how much, and what is written down of it."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.storage import Database, ledger
from bot.storage.ledger import Asking, Claim
from bot.storage.models import Broadcast, Chat, Delivery, Poem, User
from bot.storage.settling import Outcome, Settled, settle

AT: Final = datetime(2024, 9, 17, 12, tzinfo=UTC)
LIMIT: Final = 100.0
CHATS: Final = 300


@pytest.fixture
def ready(database: Database) -> Database:
    """A broadcast to all chats, the first of which gets a poem."""

    def work(session: Session) -> None:
        session.add(User(id=1))
        session.add_all(Chat(id=number, kind="private") for number in range(1, CHATS + 1))
        session.add(Broadcast(id=1, kind="message", state="running", text="月", gathered_at=AT))
        session.flush()
        asked = {"script": "hant", "best_of": 16, "temperature": 0.9, "seed": 1, "poet": "toy", "score": -4.5}
        session.add(Poem(id=1, user_id=1, chat_id=1, text="月", **asked))
        session.flush()
        for number in range(1, CHATS + 1):
            poem = 1 if number == 1 else None
            row = {"broadcast_id": 1, "chat_id": number, "state": "pending", "attempts": 0, "due_at": AT}
            session.add(Delivery(id=number, poem_id=poem, **row))

    database.transact(work)
    return database


def _claim(database: Database, seconds: float, sender: str = "one", room: int = 100) -> Claim:
    asking = Asking(sender, AT + timedelta(seconds=seconds), LIMIT, room, ahead=0.1)
    return database.transact(partial(ledger.claim, asking=asking))


def _state(database: Database, number: int) -> tuple[str, int | None]:
    delivery = database.transact(lambda session: session.get_one(Delivery, number))
    return delivery.state, delivery.message_id


def test_a_turn_claims_what_is_due_until_the_next_and_no_more_than_a_stall_may_cost(ready: Database) -> None:
    claimed = [len(_claim(ready, seconds).deliveries) for seconds in (0, 0.05, 0.25, 3600)]
    # A quarter of a second is forgiven, and the next turn comes in a tenth.
    assert claimed == pytest.approx([35, 5, 20, 35], abs=1)
    assert len(_claim(ready, 7200, room=3).deliveries) == 3


def test_senders_share_the_limit(ready: Database) -> None:
    one, other = _claim(ready, 0, "one"), _claim(ready, 0, "other")
    assert len(one.deliveries) + len(other.deliveries) == pytest.approx(35, abs=1)
    assert not {row.delivery_id for row in one.deliveries} & {row.delivery_id for row in other.deliveries}


def test_what_was_sent_is_written_down_of_those_in_hand_alone(ready: Database) -> None:
    _claim(ready, 0)
    settled = [Settled(number, number, Outcome.SENT, 1000 + number) for number in (1, 2, 90)]
    ready.transact(partial(settle, sender="another", settled=settled, at=AT))
    assert _state(ready, 1) == ("sending", None)
    ready.transact(partial(settle, sender="one", settled=settled, at=AT))
    assert [_state(ready, number) for number in (1, 2, 90)] == [("sent", 1001), ("sent", 1002), ("pending", None)]
    assert ready.transact(lambda session: session.scalar(select(Poem.message_id))) == 1001


def test_who_was_thought_dead_may_still_say_that_it_was_sent_and_nothing_else(ready: Database) -> None:
    in_hand = _claim(ready, 0).deliveries
    assert ready.transact(partial(ledger.recover, at=AT + 2 * ledger.LEASE)) == len(in_hand)
    settled = [Settled(1, 1, Outcome.SENT, 7), Settled(2, 2, Outcome.AGAIN)]
    ready.transact(partial(settle, sender="one", settled=settled, at=AT))
    assert [_state(ready, number) for number in (1, 2)] == [("sent", 7), ("unknown", None)]
