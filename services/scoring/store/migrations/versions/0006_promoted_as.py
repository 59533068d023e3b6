"""Of whom a promotion was last sent: so far, of whoever owned its cause.

Revision ID: 0006
"""

import sqlalchemy as sa
from alembic import op

from shared.db.dialect import Id

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the column, and fill it."""
    op.add_column("touches", sa.Column("promoted_as", Id()))
    touches = sa.table(
        "touches", sa.column("owner", Id()), sa.column("promotion_id", Id()), sa.column("promoted_as", Id())
    )
    op.execute(sa.update(touches).where(touches.c.promotion_id.is_not(None)).values(promoted_as=touches.c.owner))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("touches", "promoted_as")
