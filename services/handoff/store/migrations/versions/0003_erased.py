"""Who was erased, which erasures were carried out, and on which hand-off an act was.

Revision ID: 0003
"""

import sqlalchemy as sa
from alembic import op
from msgspec import Struct, json

from shared.db.dialect import Id

revision = "0003"
down_revision = "0002"


class _Answered(Struct):
    """Of an answer, whose it is."""

    id: str


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "erasures",
        sa.Column("id", Id(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("cleaned", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_erasures_cleaned", "erasures", ["cleaned"])
    op.create_table(
        "erased",
        sa.Column("person_id", Id(), nullable=False),
        sa.Column("erasure_id", Id(), nullable=False),
        sa.Column("stand_in", Id(), nullable=False),
        sa.PrimaryKeyConstraint("person_id"),
    )
    op.add_column("acts", sa.Column("handoff_id", Id()))
    op.create_index("ix_acts_handoff_id", "acts", ["handoff_id"])
    _name_handoffs()


def _name_handoffs() -> None:
    """The answer that was kept names the hand-off: an erasure has to find it."""
    acts = sa.table(
        "acts", sa.column("key", sa.String), sa.column("body", sa.LargeBinary), sa.column("handoff_id", Id())
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(acts.c.key, acts.c.body)).all():
        handoff_id = json.decode(row.body, type=_Answered).id
        connection.execute(sa.update(acts).where(acts.c.key == row.key).values(handoff_id=handoff_id))


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_acts_handoff_id", "acts")
    op.drop_column("acts", "handoff_id")
    op.drop_table("erased")
    op.drop_table("erasures")
