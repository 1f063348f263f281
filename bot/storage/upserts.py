"""Inserts that give way to a row that is already there, on each database that we know.

Each statement is built once: building one takes SQLAlchemy longer than it takes the database to carry it out.
"""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import Session

from bot.storage.models import Base

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql
    from sqlalchemy.sql.dml import ReturningInsert

Row = dict[str, Any]


def insert_or_ignore(session: Session, table: type[Base], row: Row) -> bool:
    """Insert `row` unless one with its key is there; whether it was inserted."""
    connection = session.connection()
    # psycopg's count is dropped unless it is asked for.
    kept = {"preserve_rowcount": True}
    return connection.execute(_ignoring(connection.dialect.name, table), row, execution_options=kept).rowcount == 1


def insert_those_missing(session: Session, table: type[Base], rows: Sequence[Row]) -> None:
    """Insert those of `rows` whose keys are not there yet."""
    connection = session.connection()
    connection.execute(_ignoring(connection.dialect.name, table), rows)


def insert_or_update(session: Session, table: type[Base], row: Row, update: set[str]) -> None:
    """Insert `row`; if one with its key is there, set the columns `update` of it instead."""
    connection = session.connection()
    connection.execute(_updating(connection.dialect.name, table, frozenset(update)), row)


def upserted(
    session: Session, table: type[Base], row: Row, update: set[str], columns: tuple[str, ...]
) -> Sequence[Any]:
    """As `insert_or_update`; the values of `columns` in the row that is there now."""
    connection = session.connection()
    statement = _updating_returning(connection.dialect.name, table, frozenset(update), columns)
    return connection.execute(statement, row).one()


@cache
def _ignoring(dialect: str, table: type[Base]) -> "sqlite.Insert | postgresql.Insert":
    return _insert(dialect, table).on_conflict_do_nothing()


@cache
def _updating(dialect: str, table: type[Base], columns: frozenset[str]) -> "sqlite.Insert | postgresql.Insert":
    statement = _insert(dialect, table)
    key = [column.name for column in table.__table__.primary_key]
    return statement.on_conflict_do_update(
        index_elements=key, set_={name: statement.excluded[name] for name in columns}
    )


@cache
def _updating_returning(
    dialect: str, table: type[Base], update: frozenset[str], columns: tuple[str, ...]
) -> "ReturningInsert[Any]":
    return _updating(dialect, table, update).returning(*(table.__table__.c[name] for name in columns))


def _insert(dialect: str, table: type[Base]) -> "sqlite.Insert | postgresql.Insert":
    if dialect == "postgresql":
        # Here, because importing it takes 100 ms.
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    return sqlite.insert(table)
