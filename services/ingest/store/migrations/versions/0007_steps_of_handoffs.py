"""Steps know which hand-off they are of: whose it is by now, its last step says.

Revision ID: 0007
"""

import sqlalchemy as sa
from alembic import op
from msgspec import json

from shared.contracts.handoffs import HandoffActed
from shared.db.dialect import Id

revision = "0007"
down_revision = "0006"

_CHUNK = 1_000
_STEPS = sa.table(
    "timeline", *(sa.column(name, Id()) for name in ("id", "handoff")), sa.column("kind"), sa.column("body")
)


def upgrade() -> None:
    """Say it of those that are there."""
    op.add_column("timeline", sa.Column("handoff", Id(), nullable=True))
    op.create_index(op.f("ix_timeline_handoff"), "timeline", ["handoff"], unique=False)
    known, last = op.get_bind(), ""
    of_this = sa.update(_STEPS).where(_STEPS.c.id == sa.bindparam("step")).values(handoff=sa.bindparam("whole"))
    acts = sa.select(_STEPS.c.id, _STEPS.c.body).where(_STEPS.c.kind == "handoff").order_by(_STEPS.c.id).limit(_CHUNK)
    while rows := known.execute(acts.where(_STEPS.c.id > last) if last else acts).all():
        told = [{"step": row.id, "whole": json.decode(row.body, type=HandoffActed).handoff_id} for row in rows]
        known.execute(of_this, told)
        last = rows[-1].id


def downgrade() -> None:
    """Forget it."""
    op.drop_index(op.f("ix_timeline_handoff"), table_name="timeline")
    op.drop_column("timeline", "handoff")
