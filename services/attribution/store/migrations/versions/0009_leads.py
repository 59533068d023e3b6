"""What became of each lead, kept beside the facts; those who are leads already are derived once the worker runs.

Revision ID: 0009
"""

import sqlalchemy as sa
from alembic import op

from shared.db.dialect import Id

revision = "0009"
down_revision = "0008"

_MEASURED = ("channel", "source", "campaign", "department", "kind", "utm_source")
_DIRTY = """
INSERT INTO dirty_leads (person_id, times)
SELECT person_id, 1 FROM stages UNION SELECT into_id, 1 FROM people WHERE into_id IS NOT NULL
"""
"""Whoever somebody is an alias of is a lead, too, where the alias was one: rather too many than one too few."""


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "leads",
        sa.Column("person_id", Id(), nullable=False),
        sa.Column("lead_at", sa.BigInteger(), nullable=False),
        *(sa.Column(f"{stage}_at", sa.BigInteger(), nullable=True) for stage in ("mql", "sal", "sql")),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("mqls", "accepted", "rejected", "contacted")),
        sa.Column("reasons", sa.Text(), nullable=True),
        sa.Column("heard_from", sa.Text(), nullable=False),
        *(
            sa.Column(f"{by}_{name}", sa.Text(), nullable=False)
            for by in ("first", "lead_creation", "last")
            for name in _MEASURED
        ),
        sa.PrimaryKeyConstraint("person_id"),
    )
    op.create_index(op.f("ix_leads_lead_at"), "leads", ["lead_at"], unique=False)
    op.create_table(
        "lead_deals",
        sa.Column("deal_id", sa.String(length=256), nullable=False),
        sa.Column("person_id", Id(), nullable=False),
        sa.PrimaryKeyConstraint("deal_id"),
    )
    op.create_index(op.f("ix_lead_deals_person_id"), "lead_deals", ["person_id"], unique=False)
    op.create_table(
        "dirty_leads",
        sa.Column("person_id", Id(), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person_id"),
    )
    op.execute(_DIRTY)
    op.drop_index(op.f("ix_stages_lead_at"), "stages")
    op.drop_column("stages", "qualified_at")


def downgrade() -> None:
    """Drop them."""
    op.add_column("stages", sa.Column("qualified_at", sa.BigInteger(), nullable=True))
    op.create_index(op.f("ix_stages_lead_at"), "stages", ["lead_at"], unique=False)
    for name in ("dirty_leads", "lead_deals", "leads"):
        op.drop_table(name)
