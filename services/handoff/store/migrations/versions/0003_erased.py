"""Who was erased, which erasures were carried out, on which hand-off an act was, and whom a hand-off tells of.

Revision ID: 0003
"""

import sqlalchemy as sa
from alembic import op
from msgspec import Struct, json

from shared.db.dialect import Id

revision = "0003"
down_revision = "0002"


class _Named(Struct):
    """Of an answer or a person, the id."""

    id: str


class _Brief(Struct):
    """Of a brief, whom it tells of."""

    person: _Named


class _Kept(Struct):
    """Of a hand-off, its brief."""

    brief: _Brief


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
    op.add_column("handoffs", sa.Column("about", Id()))
    op.create_index("ix_handoffs_about", "handoffs", ["about"])
    fill()


def fill() -> None:
    """What is there says it in its body: an erasure has to find it by a column."""
    _name_handoffs()
    _name_people()


def _name_handoffs() -> None:
    """The hand-off that an answer was about."""
    acts = sa.table(
        "acts", sa.column("key", sa.String), sa.column("body", sa.LargeBinary), sa.column("handoff_id", Id())
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(acts.c.key, acts.c.body)).all():
        handoff_id = json.decode(row.body, type=_Named).id
        connection.execute(sa.update(acts).where(acts.c.key == row.key).values(handoff_id=handoff_id))


def _name_people() -> None:
    """Whom the brief in each body tells of."""
    handoffs = sa.table("handoffs", sa.column("id", Id()), sa.column("body", sa.LargeBinary), sa.column("about", Id()))
    connection = op.get_bind()
    for row in connection.execute(sa.select(handoffs.c.id, handoffs.c.body)).all():
        about = json.decode(row.body, type=_Kept).brief.person.id
        connection.execute(sa.update(handoffs).where(handoffs.c.id == row.id).values(about=about))


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_handoffs_about", "handoffs")
    op.drop_column("handoffs", "about")
    op.drop_index("ix_acts_handoff_id", "acts")
    op.drop_column("acts", "handoff_id")
    op.drop_table("erased")
    op.drop_table("erasures")
