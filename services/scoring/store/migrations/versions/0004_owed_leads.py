"""Leads whose facts are still to be folded: none so far.

Revision ID: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the mark, and the way to those that have it."""
    op.add_column("leads", sa.Column("owed", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("leads_owed", "leads", ["owed", "person_id"])


def downgrade() -> None:
    """Take it away."""
    op.drop_index("leads_owed", "leads")
    op.drop_column("leads", "owed")
