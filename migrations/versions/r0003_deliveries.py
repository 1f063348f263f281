"""Daily poems and broadcasts: subscriptions, the ledger of deliveries, and the limit that all senders share."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "subscription",
        sa.Column("chat_id", sa.BigInteger(), sa.ForeignKey("chat.id"), primary_key=True, autoincrement=False),
        sa.Column("user_id", sa.BigInteger(), sa.ForeignKey("user_account.id"), nullable=False, index=True),
        sa.Column("minute", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False, index=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("minute BETWEEN 0 AND 1439", name="minute"),
    )
    op.create_table(
        "broadcast",
        _counted_id(),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False, index=True),
        sa.Column("day", sa.Date()),
        sa.Column("text", sa.Text()),
        *(sa.Column(name, sa.BigInteger()) for name in ("admin_id", "chat_id", "message_id", "cursor")),
        sa.Column("gathered_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.DateTime(timezone=True)) for name in ("started_at", "finished_at", "reported_at")),
        sa.CheckConstraint("kind IN ('daily', 'message')", name="kind"),
        sa.UniqueConstraint("kind", "day"),
    )
    op.create_table(
        "delivery",
        _counted_id(),
        sa.Column("broadcast_id", sa.BigInteger(), sa.ForeignKey("broadcast.id"), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), sa.ForeignKey("chat.id"), nullable=False, index=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sender", sa.String(32)),
        sa.Column("message_id", sa.BigInteger()),
        sa.Column("poem_id", sa.BigInteger(), sa.ForeignKey("poem.id")),
        sa.Column("reason", sa.String(200)),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("broadcast_id", "chat_id"),
        sa.CheckConstraint(
            "state IN ('pending', 'sending', 'sent', 'failed', 'unknown', 'skipped', 'cancelled')", name="state"
        ),
    )
    op.create_index("ix_delivery_due", "delivery", ["broadcast_id", "state", "due_at"])
    op.create_table(
        "unreachable_chat",
        sa.Column("chat_id", sa.BigInteger(), sa.ForeignKey("chat.id"), primary_key=True, autoincrement=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
    )
    op.create_table(
        "sender",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "sending_rate",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("next_at", sa.Double(), nullable=False),
        sa.Column("paused_until", sa.Double(), nullable=False),
    )


def downgrade() -> None:
    """Drop them, those that refer to others first."""
    for table in ("sending_rate", "sender", "unreachable_chat", "delivery", "broadcast", "subscription"):
        op.drop_table(table)


def _counted_id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True)
