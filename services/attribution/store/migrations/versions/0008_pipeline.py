"""Open deals with their credits. Those that are open already are derived when one of their people does something.

Revision ID: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make their table."""
    op.create_table(
        "open_deals",
        sa.Column("deal_id", sa.String(length=256), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("credits", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("deal_id"),
    )
    op.create_index(op.f("ix_open_deals_created_at"), "open_deals", ["created_at"], unique=False)


def downgrade() -> None:
    """Drop it."""
    op.drop_table("open_deals")
