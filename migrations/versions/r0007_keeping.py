"""What readers keep of poems: favourites, where poems stand, lines written anew, card pictures, open questions."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Poems written before stand where they were written, shared with nobody."""
    op.add_column("poem", sa.Column("asked_rhyme", sa.String(8), nullable=True))
    op.add_column("poem", sa.Column("shared_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "favourite",
        sa.Column("user_id", sa.BigInteger(), sa.ForeignKey("user_account.id"), primary_key=True),
        _poem("poem_id", primary_key=True, index=True),
        _moment("created_at"),
    )
    op.create_table(
        "showing",
        _poem("poem_id", primary_key=True),
        sa.Column("chat_id", sa.BigInteger(), sa.ForeignKey("chat.id"), primary_key=True, index=True),
        _moment("created_at"),
    )
    op.create_table(
        "variation",
        _poem("poem_id", primary_key=True, autoincrement=False),
        _poem("parent_id", nullable=False, index=True),
        sa.Column("line", sa.Integer(), nullable=False),
    )
    op.create_table(
        "card_picture",
        _poem("poem_id", primary_key=True),
        sa.Column("paper", sa.String(8), primary_key=True),
        sa.Column("script", sa.String(4), primary_key=True),
        sa.Column("file_id", sa.String(255), nullable=False),
        _moment("created_at"),
    )
    op.create_table(
        "question",
        sa.Column("chat_id", sa.BigInteger(), sa.ForeignKey("chat.id"), primary_key=True, autoincrement=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("form", sa.String(16)),
        _moment("asked_at"),
    )


def downgrade() -> None:
    """Forget all of it."""
    for table in ("question", "card_picture", "variation", "showing", "favourite"):
        op.drop_table(table)
    op.drop_column("poem", "shared_at")
    op.drop_column("poem", "asked_rhyme")


def _poem(name: str, **options: Any) -> sa.Column[int]:
    """A poem's id; what is said of a poem goes with it."""
    return sa.Column(name, sa.BigInteger(), sa.ForeignKey("poem.id", ondelete="CASCADE"), **options)


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)
