"""Which promotions were sent is told with each history of stages.

Revision ID: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Have everybody folded again, some at a time: states of before do not know their promotions."""
    leads = sa.table("leads", sa.column("alias", sa.Boolean()), sa.column("owed", sa.Boolean()))
    op.execute(sa.update(leads).where(leads.c.alias.is_(False)).values(owed=True))


def downgrade() -> None:
    """Nothing to take away: the releases of before fold what is owed as well."""
