"""Who was erased, and which erasures were carried out.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op

from shared.db.dialect import Id

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "erasures",
        sa.Column("id", Id(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("cleaned", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_erasures_cleaned", "erasures", ["cleaned"])
    op.create_table(
        "erased",
        sa.Column("person_id", Id(), nullable=False),
        sa.Column("erasure_id", Id(), nullable=False),
        sa.Column("stand_in", Id(), nullable=False),
        sa.PrimaryKeyConstraint("person_id"),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("erased")
    op.drop_table("erasures")
