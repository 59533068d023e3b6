"""Erasures, what was removed by each, and what remains: ids of the erased, and keyed hashes of what they were called.

Revision ID: 0006
"""

import sqlalchemy as sa
from alembic import op

from shared.db.dialect import Id

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make room for them."""
    op.add_column("touchpoints", sa.Column("state", sa.String(length=16), nullable=True))
    op.create_table(
        "erasures",
        sa.Column("id", Id(), nullable=False),
        sa.Column("person", Id(), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("swept_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_erasures_finished_at"), "erasures", ["finished_at"], unique=False)
    op.create_table(
        "erasure_lines",
        sa.Column("erasure", Id(), nullable=False),
        sa.Column("service", sa.String(length=32), nullable=False),
        sa.Column("store", sa.String(length=64), nullable=False),
        sa.Column("removed", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("erasure", "service", "store"),
    )
    op.create_table(
        "tombstones",
        sa.Column("id", Id(), nullable=False),
        sa.Column("erasure", Id(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "suppressed",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("erasure", Id(), nullable=False),
        sa.PrimaryKeyConstraint("hash"),
    )


def downgrade() -> None:
    """Drop them."""
    for name in ("suppressed", "tombstones", "erasure_lines"):
        op.drop_table(name)
    op.drop_index(op.f("ix_erasures_finished_at"), "erasures")
    op.drop_table("erasures")
    op.drop_column("touchpoints", "state")
