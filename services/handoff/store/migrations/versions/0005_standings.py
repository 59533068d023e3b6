"""What scoring said last of everybody's promotions.

Revision ID: 0005
"""

import sqlalchemy as sa
from alembic import op

from shared.db.dialect import Id

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the table; scoring says again what goes into it."""
    op.create_table(
        "standings",
        sa.Column("person_id", Id(), primary_key=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.String(32), nullable=False),
        sa.Column("covers", Id(), nullable=False),
        sa.Column("promotions", sa.LargeBinary(), nullable=False),
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_table("standings")
