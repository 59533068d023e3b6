"""What became of people: their stages, their promotions, what sales did with them.

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
        "stages",
        sa.Column("person_id", Id(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("lead_at", sa.BigInteger(), nullable=True),
        sa.Column("qualified_at", sa.BigInteger(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("person_id"),
    )
    op.create_index(op.f("ix_stages_lead_at"), "stages", ["lead_at"], unique=False)
    op.create_table(
        "promotions",
        sa.Column("id", Id(), nullable=False),
        sa.Column("cause_id", Id(), nullable=False),
        sa.Column("person_id", Id(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "handoff_acts",
        sa.Column("handoff_id", Id(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("promotion_id", Id(), nullable=False),
        sa.Column("person_id", Id(), nullable=False),
        sa.Column("act", sa.String(length=32), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("handoff_id", "version"),
    )
    for column in ("promotion_id", "person_id"):
        op.create_index(op.f(f"ix_handoff_acts_{column}"), "handoff_acts", [column], unique=False)
    op.create_index(op.f("ix_promotions_person_id"), "promotions", ["person_id"], unique=False)
    op.create_index(op.f("ix_promotions_cause_id"), "promotions", ["cause_id"], unique=False)


def downgrade() -> None:
    """Drop them."""
    for name in ("handoff_acts", "promotions", "stages"):
        op.drop_table(name)
