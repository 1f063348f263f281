"""Erasing a reader: nothing of them is left, and nothing of others is lost but what hung on their poems."""

from typing import Any, Final

from sqlalchemy import Column, Select, Table, delete, or_, select, update
from sqlalchemy.orm import Session

from bot.storage.models import AuditEntry, Base, Broadcast, Chat, LearningJob, Poem, Subscription, User, now
from bot.storage.subscriptions import unsubscribe

# No object of these tables is in the session while its row goes.
_CORE: Final = {"synchronize_session": False}


def forget(session: Session, user_id: int) -> None:
    """Erase a reader and their private chat wholly; whatever they say next comes from somebody new.

    Their poems go with everything on them, other readers' ratings and favourites too: a poem holds the words that its
    reader typed, and without a name it would still be theirs. Daily poems that they ordered for groups stop. Two
    things stay, which are the operator's: that they are banned, and what they did as an administrator.
    """
    poems = select(Poem.id).where(or_(Poem.user_id == user_id, Poem.chat_id == user_id))
    # Whoever rates one of them, or writes one for this reader, at this moment waits, and then finds nothing. The poems
    # go first, as they do for those others: two that wait for each other would wait in vain.
    session.scalars(poems.with_for_update()).all()
    session.get(User, user_id, with_for_update=True)
    for chat_id in session.scalars(select(Subscription.chat_id).where(Subscription.user_id == user_id)).all():
        unsubscribe(session, chat_id, now())
    # What refers to others goes before them.
    for table in reversed(Base.metadata.sorted_tables):
        for key in table.foreign_keys:
            if key.column is Poem.__table__.c.id:
                _part_from_poems(session, table, key.parent, poems)
            elif key.column in (User.__table__.c.id, Chat.__table__.c.id):
                session.execute(delete(table).where(key.parent == user_id))
    _remove_traces(session, user_id)
    session.execute(delete(Chat).where(Chat.id == user_id).execution_options(**_CORE))
    session.execute(delete(User).where(User.id == user_id).execution_options(**_CORE))
    session.expire_all()


def _part_from_poems(session: Session, table: Table, column: "Column[Any]", poems: "Select[Any]") -> None:
    """Let no row refer to one of `poems`: what can be without a poem, a delivery, is without one from now on."""
    concerned = column.in_(poems)
    if column.nullable:
        session.execute(update(table).where(concerned).values({column.name: None}))
    else:
        session.execute(delete(table).where(concerned))


def _remove_traces(session: Session, user_id: int) -> None:
    """Where a reader's id stands without being a reference."""
    steering = or_(Broadcast.admin_id == user_id, Broadcast.chat_id == user_id)
    traces = (
        update(Broadcast).where(steering, Broadcast.state == "draft").values(state="discarded"),
        update(Broadcast).where(steering).values(admin_id=None, chat_id=None, message_id=None),
        # Recipients are taken down in the order of their ids, from behind this one on.
        update(Broadcast).where(Broadcast.cursor == user_id).values(cursor=user_id - 1),
        update(LearningJob).where(LearningJob.asked_by == user_id).values(asked_by=None),
        update(LearningJob).where(LearningJob.chat_id == user_id).values(chat_id=None, message_id=None),
        update(AuditEntry).where(AuditEntry.subject == str(user_id)).values(subject=None),
    )
    for trace in traces:
        session.execute(trace.execution_options(**_CORE))
