"""In which revision promotions were handed over.

Revision ID: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the column: what is there was handed over once."""
    op.add_column("promotions", sa.Column("revision", sa.Integer(), nullable=False, server_default="1"))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("promotions", "revision")
