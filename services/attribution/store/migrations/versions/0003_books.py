"""The books: when and why the credit of a deal changed, months that are closed, and what was added to them.

Revision ID: 0003
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from shared.db.dialect import Id

revision = "0003"
down_revision = "0002"

_BOOKED: tuple[tuple[str, sa.types.TypeEngine[Any], bool], ...] = (
    ("kind", sa.Text(), True),
    ("channel", sa.Text(), False),
    ("campaign", sa.Text(), True),
    ("department", sa.Text(), False),
    ("source", sa.Text(), True),
    ("utm_source", sa.Text(), True),
    ("content", sa.Text(), True),
    ("part", sa.Double(), False),
    ("amount_minor", sa.BigInteger(), False),
)

_UNKNOWN = b"before the books"
# What was credited before there were books has a digest that no credit has: it is written again when next derived.
_STANDING = """
INSERT INTO credited
SELECT deals.id, :digest, 0, deals.status, deals.version, deals.revision, journeys.charter, deals.closed_at,
       deals.currency, deals.account_id
FROM deals JOIN journeys ON journeys.deal_id = deals.id WHERE deals.status = 'won'
"""


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "credited",
        sa.Column("deal_id", sa.String(length=256), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("charter", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("deal_id"),
    )
    op.create_table(
        "credit_changes",
        sa.Column("deal_id", sa.String(length=256), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.String(length=16), nullable=False),
        sa.Column("event_id", Id(), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("charter", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("deal_id", "slot"),
    )
    op.create_table(
        "periods",
        sa.Column("id", sa.String(length=7), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("charter", sa.Text(), nullable=True),
        sa.Column("agreed", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "reported_deals",
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("deal_id", sa.String(length=256), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("charter", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("period", "deal_id"),
    )
    op.create_index(op.f("ix_reported_deals_closed_at"), "reported_deals", ["closed_at"], unique=False)
    op.create_table(
        "reported_credits",
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("deal_id", sa.String(length=256), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        *_booked(),
        sa.PrimaryKeyConstraint("period", "deal_id", "model", "n"),
    )
    op.create_table(
        "adjustments",
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("deal_id", sa.String(length=256), nullable=False),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.String(length=16), nullable=False),
        sa.Column("event_id", Id(), nullable=True),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=True),
        *_booked(),
        sa.PrimaryKeyConstraint("period", "deal_id", "change", "n"),
    )
    op.create_index(op.f("ix_adjustments_at"), "adjustments", ["at"], unique=False)
    op.get_bind().execute(sa.text(_STANDING), {"digest": _UNKNOWN})


def _booked() -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=nullable) for name, kind, nullable in _BOOKED]


def downgrade() -> None:
    """Drop them."""
    for name in ("adjustments", "reported_credits", "reported_deals", "periods", "credit_changes", "credited"):
        op.drop_table(name)
