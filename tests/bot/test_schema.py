"""Migrations: from blank and back, equal to the models, and no hand on what is not ours."""

import logging
import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import URL, inspect, make_url

from bot.errors import DatabaseError
from bot.service import serve
from bot.settings import read_settings
from bot.storage import Database
from bot.storage.models import Base
from bot.storage.schema import alembic_config, upgrade

TABLES = sorted(Base.metadata.tables)


def _at(path: Path) -> Database:
    return Database(URL.create("sqlite", database=str(path)))


def test_the_migrations_make_what_the_models_say(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def test_constraints_have_their_names(database: Database) -> None:
    inspector = inspect(database.engine)
    assert inspector.get_check_constraints("rating")[0]["name"] == "ck_rating_value"
    assert inspector.get_pk_constraint("rating")["name"] == "pk_rating"
    assert {key["name"] for key in inspector.get_foreign_keys("poem")} == {
        "fk_poem_user_id_user_account",
        "fk_poem_chat_id_chat",
    }


def test_up_again_changes_nothing_and_down_leaves_nothing(database: Database) -> None:
    assert upgrade(database) == upgrade(database)
    assert sorted(set(inspect(database.engine).get_table_names()) - {"alembic_version"}) == TABLES
    with database.engine.begin() as connection:
        command.downgrade(alembic_config(connection), "base")
    assert inspect(database.engine).get_table_names() == ["alembic_version"]
    upgrade(database)
    assert sorted(set(inspect(database.engine).get_table_names()) - {"alembic_version"}) == TABLES


def test_an_upgrade_that_fails_leaves_the_database_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic import op

    def full(*_: object) -> None:
        raise RuntimeError("full")

    with _at(tmp_path / "a.db") as database:
        monkeypatch.setattr(op, "create_index", full)
        original = op.create_table
        monkeypatch.setattr(
            op, "create_table", lambda name, *rest: full() if name == "rating" else original(name, *rest)
        )
        with pytest.raises(RuntimeError, match="full"):
            upgrade(database)
        assert inspect(database.engine).get_table_names() == []


def test_a_newer_database_is_refused(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseError, match="revision 9999, which this version does not know: upgrade Yuexia"):
        upgrade(database)


def test_someone_elses_database_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE invoices (id INTEGER)")
    other.close()
    with _at(tmp_path / "other.db") as database:
        with pytest.raises(DatabaseError, match="tables that are not Yuexia's"):
            upgrade(database)
        assert inspect(database.engine).get_table_names() == ["invoices"]


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "poem.txt").write_text("月下孤舟過遠灘，江風吹葉夜初寒。" * 100)
    with _at(tmp_path / "poem.txt") as database, pytest.raises(DatabaseError, match="file is not a database"):
        upgrade(database)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseError, match="cannot open the database"):
        _at(tmp_path / "file" / "yuexia.db")


def test_a_missing_driver_is_named_without_the_password() -> None:
    with pytest.raises(DatabaseError, match="no_such_driver") as caught:
        Database(URL.create("postgresql+no_such_driver", "poet", "s3cret", "db"))
    assert "s3cret" not in str(caught.value)


def test_an_option_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="cannot open the database"):
        Database(make_url(f"sqlite:///{tmp_path}/yuexia.db?timeout=long"))


def test_a_damaged_database_is_one_sentence(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE handled_update")
    with pytest.raises(DatabaseError, match="cannot open the database"):
        serve(read_settings(), pytest.fail, database, announce=pytest.fail)


def test_alembic_leaves_logging_alone(tmp_path: Path) -> None:
    before = (logging.getLogger().level, logging.getLogger().handlers[:])
    quiet = logging.getLogger("test.quiet")
    with _at(tmp_path / "a.db") as database:
        upgrade(database)
    assert (logging.getLogger().level, logging.getLogger().handlers) == before
    assert not quiet.disabled
