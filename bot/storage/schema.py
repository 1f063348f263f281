"""Brings a database to the tables of this version, and refuses one that is not ours to touch."""

import logging
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect
from sqlalchemy.exc import SQLAlchemyError

import bot
from bot.errors import DatabaseError
from bot.storage.database import Database, unusable

# Any number that no other program would take.
_UPGRADE_LOCK: Final = 0x7975_6578_6961

_log = logging.getLogger(__name__)


def migrations_folder() -> Path:
    """Where the migrations are: in the installed package, or beside it in a checkout."""
    package = Path(bot.__file__).parent
    for folder in (package / "migrations", package.parent / "migrations"):
        if (folder / "env.py").is_file():
            return folder
    raise DatabaseError(f"the database migrations are missing beside {package}; install Yuexia again")


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, made here instead of in an ini file; migrations run on `connection`."""
    config = Config()
    config.set_main_option("path_separator", "os")
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def known_revisions() -> frozenset[str]:
    """Every revision that this version can bring to its own."""
    scripts = ScriptDirectory.from_config(alembic_config())
    return frozenset(script.revision for script in scripts.walk_revisions())


def upgrade(database: Database) -> str:
    """Bring the database to this version's tables, all or nothing; the revision it is at then.

    Raises `DatabaseError` when it cannot be opened, is not Yuexia's, or was made by a newer version.
    """
    try:
        with database.engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                # Several processes may start at once; SQLite's transaction keeps the others out by itself.
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_UPGRADE_LOCK})")
            return _upgrade(connection)
    except SQLAlchemyError as error:
        raise unusable(database.url, error) from error


def _upgrade(connection: Connection) -> str:
    config = alembic_config(connection)
    newest = ScriptDirectory.from_config(config).get_current_head() or ""
    current = MigrationContext.configure(connection).get_current_revision()
    if current == newest:
        return newest
    _refuse_a_stranger(connection, current)
    command.upgrade(config, "head")
    _log.info("database upgraded from %s to %s", current or "blank", newest)
    return newest


def _refuse_a_stranger(connection: Connection, current: str | None) -> None:
    where = connection.engine.url.render_as_string()
    if current is not None and current not in known_revisions():
        raise DatabaseError(
            f"the database {where} is at revision {current}, which this version does not know: "
            "upgrade Yuexia, or name another database in YUEXIA_DATABASE_URL"
        )
    if current is None and set(inspect(connection).get_table_names()) - {"alembic_version"}:
        raise DatabaseError(
            f"the database {where} holds tables that are not Yuexia's: name another one in YUEXIA_DATABASE_URL"
        )
