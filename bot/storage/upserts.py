"""Inserts that give way to a row that is already there, on each database that we know."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import Session

from bot.storage.models import Base

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql


def insert_or_ignore(session: Session, table: type[Base], row: dict[str, Any]) -> bool:
    """Insert `row` unless one with its key is there; whether it was inserted."""
    statement = _insert(session, table).values(row).on_conflict_do_nothing()
    # psycopg's count is dropped unless it is asked for.
    return session.connection().execute(statement, execution_options={"preserve_rowcount": True}).rowcount == 1


def insert_those_missing(session: Session, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert those of `rows` whose keys are not there yet."""
    session.connection().execute(_insert(session, table).on_conflict_do_nothing(), rows)


def insert_or_update(session: Session, table: type[Base], row: dict[str, Any], update: set[str]) -> None:
    """Insert `row`; if one with its key is there, set the columns `update` of it instead."""
    key = [column.name for column in table.__table__.primary_key]
    changes = {name: row[name] for name in update}
    session.execute(_insert(session, table).values(row).on_conflict_do_update(index_elements=key, set_=changes))


def _insert(session: Session, table: type[Base]) -> "sqlite.Insert | postgresql.Insert":
    if session.get_bind().dialect.name == "postgresql":
        # Here, because importing it takes 100 ms.
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    return sqlite.insert(table)
