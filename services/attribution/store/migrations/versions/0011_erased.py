"""Who was erased, which erasures were carried out, and who left a deal. Versions of deals name nobody any more.

Revision ID: 0011
"""

import sqlalchemy as sa
from alembic import op
from msgspec import json
from msgspec.structs import replace

from shared.contracts.deals import Deal
from shared.db.dialect import Id

revision = "0011"
down_revision = "0010"


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
    op.create_table(
        "deal_leavers",
        sa.Column("deal_id", sa.String(256), nullable=False),
        sa.Column("person_id", Id(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("deal_id", "person_id", "role"),
    )
    op.create_index("ix_deal_leavers_person_id", "deal_leavers", ["person_id"])
    fill()


def fill() -> None:
    """No answer tells who was on an earlier version of a deal."""
    history = sa.table(
        "deal_history", sa.column("deal_id", sa.String), sa.column("version", sa.BigInteger),
        sa.column("body", sa.LargeBinary),
    )  # fmt: skip
    connection = op.get_bind()
    for row in connection.execute(sa.select(history)).all():
        body = json.encode(replace(json.decode(row.body, type=Deal), people=()))
        this = (history.c.deal_id == row.deal_id) & (history.c.version == row.version)
        connection.execute(sa.update(history).where(this).values(body=body))


def downgrade() -> None:
    """Drop them."""
    op.drop_table("deal_leavers")
    op.drop_table("erased")
    op.drop_table("erasures")
