"""What was asked of a poem besides its beginning, form and title: an acrostic."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Poems written before had none."""
    op.add_column("poem", sa.Column("asked_acrostic", sa.Text(), nullable=True))


def downgrade() -> None:
    """Forget what the lines were to begin with."""
    op.drop_column("poem", "asked_acrostic")
