"""Who refuses the purpose of this service.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op

from shared.db.dialect import Id

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "refusals",
        sa.Column("person_id", Id(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("person_id"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("refusals")
