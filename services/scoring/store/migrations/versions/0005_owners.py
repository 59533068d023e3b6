"""Whose a hand-off is, and whether it is open: of acts of before nothing is known.

Revision ID: 0005
"""

import sqlalchemy as sa
from alembic import op

from shared.db.dialect import Id

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add what an act says of its hand-off."""
    op.add_column("outcomes", sa.Column("handoff_id", Id(), nullable=True))
    op.add_column("outcomes", sa.Column("version", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("outcomes", sa.Column("owner", sa.Text(), nullable=True))
    op.add_column("outcomes", sa.Column("reason", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take it away."""
    for name in ("reason", "owner", "version", "handoff_id"):
        op.drop_column("outcomes", name)
