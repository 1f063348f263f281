"""Every earlier revision, with rows in every table, comes to the newest without losing a value."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any, Final

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Column, Connection, Integer, MetaData, Table, insert, select
from sqlalchemy.types import JSON, Boolean, Date, DateTime, Float, String

from bot.storage import Database
from bot.storage.models import Base
from bot.storage.schema import alembic_config, upgrade

REVISIONS: Final = [script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()]
ROWS: Final = (1, 2)
# Columns that a constraint lets hold only certain values.
CHOSEN: Final = {("broadcast", "kind"): "message", ("delivery", "state"): "sent", ("rating", "value"): 1}

Rows = list[dict[str, Any]]


@pytest.fixture
def blank(request: pytest.FixtureRequest, database_url: URL) -> Iterator[Database]:
    """A database without any table, of each kind."""
    if database_url.get_backend_name() == "sqlite":
        with Database(database_url.set(database=f"{database_url.database}.blank")) as database:
            yield database
    else:
        with request.getfixturevalue("postgres").database("template0") as url, Database(url) as database:
            yield database


@pytest.mark.parametrize("revision", REVISIONS)
def test_from_each_revision_with_rows(blank: Database, revision: str) -> None:
    with blank.engine.begin() as connection:
        command.upgrade(alembic_config(connection), revision)
        before = _fill(connection)
    assert upgrade(blank) == REVISIONS[0]
    with blank.engine.begin() as connection:
        assert {name: _rows(connection, name, set(rows[0])) for name, rows in before.items()} == before
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def _fill(connection: Connection) -> dict[str, Rows]:
    """Put rows into every table that there is; what is in them then, by table."""
    metadata = MetaData()
    metadata.reflect(connection)
    tables = [table for table in metadata.sorted_tables if table.name != "alembic_version"]
    for table in tables:
        connection.execute(insert(table), [_row(table, number) for number in ROWS])
    return {table.name: _rows(connection, table.name, set(table.columns.keys())) for table in tables}


def _rows(connection: Connection, name: str, columns: set[str]) -> Rows:
    table = Table(name, MetaData(), autoload_with=connection)
    query = select(*(column for column in table.columns if column.name in columns)).order_by(*table.primary_key)
    return [dict(row) for row in connection.execute(query).mappings()]


def _row(table: Table, number: int) -> dict[str, Any]:
    return {column.name: CHOSEN.get((table.name, column.name), _value(column, number)) for column in table.columns}


def _value(column: Column[Any], number: int) -> Any:
    """Row n refers to the rows n of other tables."""
    match column.type:
        case Boolean():
            return number == 1
        case DateTime() as kind:
            return datetime(2024, 9, 17, 12, number, tzinfo=UTC if kind.timezone else None)
        case Date():
            return date(2024, 9, 17 + number)
        case JSON():
            return {"月": number}
        case String() as kind:
            return f"月{number}"[: kind.length]
        case Integer():
            return number
        case Float():
            return number + 0.5
    raise AssertionError(f"what to put into {column.table.name}.{column.name}, of type {column.type}?")
