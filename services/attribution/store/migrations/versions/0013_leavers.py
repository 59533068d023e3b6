"""Whoever was erased while they were on a deal has left it, so that they stay on it when it is posted without them.

Revision ID: 0013
"""

import sqlalchemy as sa
from alembic import op
from msgspec import json

from shared.contracts.deals import Deal
from shared.kernel.stand_ins import stands_in

revision = "0013"
down_revision = "0012"

_LEAVERS = sa.table("deal_leavers", *map(sa.column, ("deal_id", "person_id", "role", "version")))
_DEALS = sa.table("deals", *map(sa.column, ("id", "version", "body")))
_DEAL_PEOPLE = sa.table("deal_people", *map(sa.column, ("person_id", "deal_id")))
_ERASED = sa.table("erased", sa.column("stand_in"))


def upgrade() -> None:
    """Have those who are on deals as nobody leave them: ingest took them off long ago."""
    fill()


def fill() -> None:
    """Whoever is on a deal as nobody has left it in the version that holds."""
    connection = op.get_bind()
    theirs = sa.select(_DEAL_PEOPLE.c.deal_id).where(_DEAL_PEOPLE.c.person_id.in_(sa.select(_ERASED.c.stand_in)))
    for row in connection.execute(sa.select(_DEALS).where(_DEALS.c.id.in_(theirs))).all():
        people = {(one.person_id, one.role or "") for one in json.decode(row.body, type=Deal).people}
        for person_id, role in sorted(people):
            if stands_in(person_id):
                left = {"deal_id": row.id, "person_id": person_id, "role": role, "version": row.version}
                connection.execute(sa.insert(_LEAVERS).values(left))


def downgrade() -> None:
    """Forget them: they stay on each deal, in whatever version it is posted."""
    op.execute(sa.delete(_LEAVERS).where(_LEAVERS.c.person_id.in_(sa.select(_ERASED.c.stand_in))))
