"""Inline mode: poems that were chosen and sent into other chats, and what readers there think of them."""

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from bot.storage.models import Chat, InboxUpdate, InlineMessage, Poem, UnreachableChat, now
from bot.storage.poems import Pressed, Tally, add_poem, press_anywhere
from bot.storage.upserts import insert_or_ignore


def is_overtaken(session: Session, bot_id: int, reader_id: int, update_id: int) -> bool:
    """Whether something newer of a reader waits already: then they have typed on."""
    newer = exists().where(
        InboxUpdate.bot_id == bot_id, InboxUpdate.chat_key == reader_id, InboxUpdate.update_id > update_id
    )
    return bool(session.scalar(select(newer)))


def keep_chosen(session: Session, poem: Poem, message_id: str) -> int:
    """Keep a poem that its reader sent into a chat unknown, in the inline message `message_id`; the poem's id.

    It belongs to the reader's private chat. Who never began that chat cannot be written to there.
    """
    moment = now()
    if insert_or_ignore(
        session, Chat, {"id": poem.chat_id, "kind": "private", "created_at": moment, "seen_at": moment}
    ):
        unreachable = {"chat_id": poem.chat_id, "since": moment, "reason": "known from inline mode only"}
        insert_or_ignore(session, UnreachableChat, unreachable)
    poem_id = add_poem(session, poem)
    insert_or_ignore(session, InlineMessage, {"id": message_id, "poem_id": poem_id, "created_at": moment})
    return poem_id


def press_inline(session: Session, *, message_id: str, user_id: int, value: int) -> tuple[Pressed, Tally] | None:
    """A reader presses a rating button below an inline message; None if its poem is not known."""
    message = session.get(InlineMessage, message_id)
    return press_anywhere(session, poem_id=message.poem_id, user_id=user_id, value=value) if message else None
