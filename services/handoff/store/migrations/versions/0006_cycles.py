"""The cycle that each promotion falls into by now.

Revision ID: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the column; scoring says again what goes into it where it changes."""
    op.add_column("standings", sa.Column("cycles", sa.LargeBinary()))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("standings", "cycles")
