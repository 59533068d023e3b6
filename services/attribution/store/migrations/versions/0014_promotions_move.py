"""In which revision promotions were said.

Revision ID: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add the column: of what is there the first that came was kept."""
    op.add_column("promotions", sa.Column("revision", sa.BigInteger(), nullable=False, server_default="1"))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("promotions", "revision")
