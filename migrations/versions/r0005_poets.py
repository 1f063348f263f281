"""Versions of the poet, their aliases, and the jobs that make new ones."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of the poets."""
    op.create_table(
        "poet_version",
        sa.Column("version", sa.String(64), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("parent", sa.String(64)),
        sa.Column("job_id", sa.String(64)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("data_fingerprint", sa.String(128)),
        sa.Column("metrics", sa.JSON(), nullable=False),
        sa.Column("verdict", sa.JSON()),
        _moment("created_at"),
    )
    op.create_table(
        "poet_alias",
        sa.Column("name", sa.String(16), primary_key=True),
        sa.Column("version", sa.String(64), sa.ForeignKey("poet_version.version"), nullable=False),
        _moment("changed_at"),
        sa.Column("changed_by", sa.String(64), nullable=False),
    )
    op.create_table(
        "learning_job",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("active", sa.Integer(), unique=True),
        sa.Column("cause", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("asked_by", sa.BigInteger()),
        sa.Column("chat_id", sa.BigInteger()),
        sa.Column("message_id", sa.BigInteger()),
        _moment("asked_at"),
        sa.Column("cancel_asked", sa.Boolean(), nullable=False),
        sa.Column("worker", sa.String(64)),
        sa.Column("stage", sa.String(16)),
        sa.Column("progress", sa.JSON()),
        sa.Column("base_version", sa.String(64)),
        _moment("ratings_until", nullable=True),
        sa.Column("ratings_fingerprint", sa.String(64)),
        sa.Column("version", sa.String(64)),
        sa.Column("report", sa.JSON()),
        sa.Column("error", sa.Text()),
        _moment("ended_at", nullable=True),
        _moment("reported_at", nullable=True),
    )
    op.create_table(
        "learning_worker",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("beats", sa.BigInteger(), nullable=False),
        _moment("beat_at"),
        sa.Column("machine", sa.Text(), nullable=False),
    )
    op.create_table(
        "learning_slot",
        sa.Column("due_at", sa.DateTime(timezone=True), primary_key=True),
        _moment("decided_at"),
        sa.Column("job_id", sa.String(64)),
    )


def downgrade() -> None:
    """Drop them, those that refer to others first."""
    for table in ("learning_slot", "learning_worker", "learning_job", "poet_alias", "poet_version"):
        op.drop_table(table)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
