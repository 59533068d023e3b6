"""What has arrived at a CRM is not kept.

Revision ID: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Empty the bodies of what was delivered."""
    deliveries = sa.table("deliveries", sa.column("state", sa.String), sa.column("body", sa.LargeBinary))
    op.execute(sa.update(deliveries).where(deliveries.c.state == "delivered").values(body=b"{}"))


def downgrade() -> None:
    """What is gone is gone."""
