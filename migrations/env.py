"""Run by Alembic for every command; `bot.storage.schema` hands it the connection, inside a transaction."""

from alembic import context

from bot.storage.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    # SQLite cannot alter a table in place: Alembic copies it.
    render_as_batch=True,
    # One transaction around all revisions: an upgrade that fails leaves the database as it was.
    transactional_ddl=True,
    transaction_per_migration=False,
)
context.run_migrations()
