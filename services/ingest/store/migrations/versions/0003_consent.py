"""What was said last of each purpose, under each identifier.

Revision ID: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add it."""
    op.add_column("identifiers", sa.Column("consent", sa.Text(), nullable=True))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("identifiers", "consent")
