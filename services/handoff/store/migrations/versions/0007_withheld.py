"""Promotions of people who refuse to be handed to sales.

Revision ID: 0007
"""

import sqlalchemy as sa
from alembic import op

from shared.db.dialect import Id

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the table; what was refused before it was there is not known any more."""
    op.create_table(
        "withheld",
        sa.Column("id", Id(), primary_key=True),
        sa.Column("person_id", Id(), nullable=False),
        sa.Column("about", Id(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_withheld_person_id", "withheld", ["person_id"])
    op.create_index("ix_withheld_about", "withheld", ["about"])


def downgrade() -> None:
    """Take it away."""
    op.drop_table("withheld")
