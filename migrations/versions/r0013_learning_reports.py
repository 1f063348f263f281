"""How far a report of learning is: which bot sends it since when, and which of its messages have arrived."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add the columns."""
    with op.batch_alter_table("learning_job") as table:
        table.add_column(sa.Column("report_claimed_at", sa.DateTime(timezone=True)))
        table.add_column(sa.Column("told", sa.JSON()))


def downgrade() -> None:
    """Forget how far reports are."""
    with op.batch_alter_table("learning_job") as table:
        table.drop_column("told")
        table.drop_column("report_claimed_at")
