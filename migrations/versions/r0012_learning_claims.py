"""What one of several bots has told of learning: how far a job is, and which poets cannot serve."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add the columns and the table."""
    with op.batch_alter_table("learning_job") as table:
        table.add_column(sa.Column("shown", sa.Text()))
        table.add_column(sa.Column("shown_at", sa.DateTime(timezone=True)))
    op.create_table(
        "poet_refusal",
        sa.Column("version", sa.String(64), primary_key=True),
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    """Forget what was told."""
    op.drop_table("poet_refusal")
    with op.batch_alter_table("learning_job") as table:
        table.drop_column("shown_at")
        table.drop_column("shown")
