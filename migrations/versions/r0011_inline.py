"""Poems that readers sent into other chats through inline mode."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "inline_message",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("poem_id", sa.BigInteger(), sa.ForeignKey("poem.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    """Forget where they are."""
    op.drop_table("inline_message")
