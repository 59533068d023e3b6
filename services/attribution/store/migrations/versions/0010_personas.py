"""Which persona somebody is, as of their last card; of those known already, once their card comes again.

Revision ID: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Make the column."""
    op.add_column("cards", sa.Column("persona", sa.Text(), nullable=True))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("cards", "persona")
