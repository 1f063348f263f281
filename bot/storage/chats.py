"""A group that becomes a supergroup has a new id: everything the database knows of it goes there."""

from typing import Any

from sqlalchemy import (
    Column,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    and_,
    delete,
    exists,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Session

from bot.storage.models import Base, Chat


def move_chat(session: Session, old_id: int, new_id: int) -> None:
    """Give all rows of chat `old_id` to `new_id`; where that has a row of its own already, its own stays."""
    old = session.get(Chat, old_id, with_for_update=True)
    if old is None or old_id == new_id:
        return
    if session.get(Chat, new_id) is None:
        row = {column.name: getattr(old, column.key) for column in Chat.__table__.columns}
        session.execute(insert(Chat).values({**row, "id": new_id, "kind": "supergroup"}))
    for table, column in _references():
        _move_rows(session, table, column, old_id, new_id)
    session.delete(old)
    session.flush()


def _references() -> list[tuple[Table, "Column[Any]"]]:
    """Every column of every table that holds a chat's id."""
    return [
        (table, key.parent)
        for table in Base.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column is Chat.__table__.c.id
    ]


def _move_rows(session: Session, table: Table, column: "Column[Any]", old_id: int, new_id: int) -> None:
    for key in _keys_with(table, column):
        other = table.alias()
        same = [other.c[part.name] == table.c[part.name] for part in key if part is not column]
        taken = exists(select(1).select_from(other).where(and_(other.c[column.name] == new_id, *same)))
        session.execute(delete(table).where(column == old_id, taken))
    session.execute(update(table).where(column == old_id).values({column.name: new_id}))


def _keys_with(table: Table, column: "Column[Any]") -> list[tuple["Column[Any]", ...]]:
    """The primary key and unique constraints that a second row with the new id could break."""
    keys = [key for key in table.constraints if isinstance(key, PrimaryKeyConstraint | UniqueConstraint)]
    return [tuple(key.columns) for key in keys if column in tuple(key.columns)]
