"""What was spent.

Revision ID: 0006
"""

import sqlalchemy as sa
from alembic import op

from shared.db.dialect import Id

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make its table."""
    op.create_table(
        "spend",
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("event_id", Id(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=True),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("spend_by_day", "spend", ["day", "id"], unique=False)


def downgrade() -> None:
    """Drop it."""
    op.drop_table("spend")
