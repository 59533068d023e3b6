"""What operators decide of identities, the reviews they are asked for, and what other services say of people.

Reviews are raised again when their communities are settled next, so the old ones are not taken over.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op

from shared.db.dialect import Id

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make room for them."""
    op.add_column("claims", sa.Column("verdict", sa.String(length=16), nullable=True))
    op.add_column("claims", sa.Column("review", sa.String(length=32), nullable=True))
    op.add_column("touchpoints", sa.Column("statement", Id(), nullable=True))
    op.create_table(
        "operator_acts",
        sa.Column("id", Id(), nullable=False),
        sa.Column("statement", Id(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.String(length=128), nullable=False),
        sa.Column("event_id", Id(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_operator_acts_statement"), "operator_acts", ["statement"], unique=False)
    op.create_table(
        "acts",
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "timeline",
        sa.Column("id", Id(), nullable=False),
        sa.Column("person", Id(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_timeline_person"), "timeline", ["person"], unique=False)
    op.drop_table("reviews")
    op.create_table(
        "reviews",
        sa.Column("id", Id(), nullable=False),
        sa.Column("claim", Id(), nullable=False),
        sa.Column("event_id", Id(), nullable=False),
        sa.Column("why", sa.String(length=32), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("raised_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("reviews_by_time", "reviews", ["raised_at", "id"], unique=False)


def downgrade() -> None:
    """Take them away."""
    op.drop_table("reviews")
    op.create_table(
        "reviews",
        sa.Column("event_id", Id(), nullable=False),
        sa.Column("why", sa.String(length=32), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "why"),
    )
    op.drop_table("timeline")
    op.drop_table("acts")
    op.drop_table("operator_acts")
    op.drop_column("touchpoints", "statement")
    op.drop_column("claims", "review")
    op.drop_column("claims", "verdict")
