"""Updates that were fetched and not yet handled."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make the inbox and the leases of those who work on it."""
    op.create_table(
        "inbox",
        sa.Column("bot_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("update_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("chat_key", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("holder", sa.String(32)),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_inbox_chat", "inbox", ["bot_id", "chat_key", "update_id"])
    op.create_table(
        "inbox_holder",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    """Drop them; what waits in the inbox is lost."""
    op.drop_table("inbox_holder")
    op.drop_table("inbox")
