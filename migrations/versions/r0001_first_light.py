"""Readers, chats, poems, ratings, and the updates that were handled."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "user_account",
        sa.Column("id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("language_code", sa.String(35)),
        *_moments("created_at", "seen_at"),
    )
    op.create_table(
        "chat",
        sa.Column("id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(16), nullable=False),
        *_moments("created_at", "seen_at"),
    )
    op.create_table(
        "poem",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("user_id", sa.BigInteger(), sa.ForeignKey("user_account.id"), nullable=False, index=True),
        sa.Column("chat_id", sa.BigInteger(), sa.ForeignKey("chat.id"), nullable=False, index=True),
        sa.Column("message_id", sa.BigInteger()),
        sa.Column("asked_prefix", sa.Text()),
        sa.Column("asked_form", sa.String(16)),
        sa.Column("asked_title", sa.Text()),
        sa.Column("script", sa.String(4), nullable=False),
        sa.Column("best_of", sa.Integer(), nullable=False),
        sa.Column("temperature", sa.Double(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("poet", sa.String(128), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("form", sa.String(16)),
        sa.Column("score", sa.Double(), nullable=False),
        *_moments("created_at"),
    )
    op.create_table(
        "rating",
        sa.Column("poem_id", sa.BigInteger(), sa.ForeignKey("poem.id"), primary_key=True),
        sa.Column("user_id", sa.BigInteger(), sa.ForeignKey("user_account.id"), primary_key=True, index=True),
        sa.Column("value", sa.Integer(), nullable=False),
        *_moments("created_at", "changed_at"),
        sa.CheckConstraint("value IN (-1, 1)", name="value"),
    )
    op.create_table(
        "handled_update",
        sa.Column("bot_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("update_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        *_moments("handled_at", index=True),
    )


def downgrade() -> None:
    """Drop them, those that refer to others first."""
    for table in ("handled_update", "rating", "poem", "chat", "user_account"):
        op.drop_table(table)


def _moments(*names: str, index: bool = False) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.DateTime(timezone=True), nullable=False, index=index) for name in names]
