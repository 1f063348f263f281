"""What readers choose for themselves: language and script."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Nobody has chosen yet: their Telegram's language decides, as before."""
    op.add_column("user_account", sa.Column("chosen_language", sa.String(8), nullable=True))
    op.add_column("user_account", sa.Column("chosen_script", sa.String(4), nullable=True))


def downgrade() -> None:
    """Forget what was chosen."""
    op.drop_column("user_account", "chosen_script")
    op.drop_column("user_account", "chosen_language")
