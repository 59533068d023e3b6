"""Rejects know the message id that they came under: a text that was cut, or spells it otherwise, does not tell it.

Revision ID: 0008
"""

import sqlalchemy as sa
from alembic import op

from services.ingest.handlers.refused_ids import id_in
from shared.db.spine import BigId

revision = "0008"
down_revision = "0007"

_CHUNK = 1_000
_REJECTS = sa.table(
    "rejected", sa.column("seq", BigId), *(sa.column(name, sa.String()) for name in ("message_id", "body"))
)


def upgrade() -> None:
    """Say it of those that are there, where their text tells it."""
    op.add_column("rejected", sa.Column("message_id", sa.String(length=256), nullable=True))
    op.create_index("rejected_by_message", "rejected", ["message_id"], unique=False)
    known, last = op.get_bind(), 0
    of_this = sa.update(_REJECTS).where(_REJECTS.c.seq == sa.bindparam("place"))
    of_this = of_this.values(message_id=sa.bindparam("said"))
    kept = sa.select(_REJECTS.c.seq, _REJECTS.c.body).order_by(_REJECTS.c.seq).limit(_CHUNK)
    while rows := known.execute(kept.where(_REJECTS.c.seq > last)).all():
        told = [{"place": row.seq, "said": said} for row in rows if (said := id_in(row.body)) is not None]
        if told:
            known.execute(of_this, told)
        last = rows[-1].seq


def downgrade() -> None:
    """Forget it."""
    op.drop_index("rejected_by_message", table_name="rejected")
    op.drop_column("rejected", "message_id")
