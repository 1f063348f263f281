"""What readers keep of poems: favourites, the poem that another was made from, card pictures."""

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
