"""The first tables of attribution.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op

from shared.db.dialect import Id
from shared.db.spine import BigId

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them."""
    op.create_table("accounts", sa.Column("id", sa.Text(), nullable=False), sa.PrimaryKeyConstraint("id"))
    op.create_table(
        "credits",
        sa.Column("deal_id", sa.String(length=256), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("interaction_id", Id(), nullable=True),
        sa.Column("occurred_at", sa.BigInteger(), nullable=True),
        sa.Column("person_id", Id(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=True),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("utm_source", sa.Text(), nullable=True),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("share", sa.Text(), nullable=False),
        sa.Column("part", sa.Double(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("deal_id", "model", "n"),
    )
    op.create_table(
        "dead_letters",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("group_name", sa.String(length=64), nullable=False),
        sa.Column("topic", sa.String(length=128), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("record_offset", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("headers", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "deal_history",
        sa.Column("deal_id", sa.String(length=256), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("deal_id", "version"),
    )
    op.create_table(
        "deal_people",
        sa.Column("person_id", Id(), nullable=False),
        sa.Column("deal_id", sa.String(length=256), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "deal_id"),
    )
    op.create_index(op.f("ix_deal_people_deal_id"), "deal_people", ["deal_id"], unique=False)
    op.create_table(
        "deals",
        sa.Column("id", sa.String(length=256), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("deals_by_close", "deals", ["status", "closed_at"], unique=False)
    op.create_index(op.f("ix_deals_account_id"), "deals", ["account_id"], unique=False)
    op.create_table(
        "journeys",
        sa.Column("deal_id", sa.String(length=256), nullable=False),
        sa.Column("charter", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("deal_id"),
    )
    op.create_table(
        "log_positions",
        sa.Column("group_name", sa.String(length=64), nullable=False),
        sa.Column("topic", sa.String(length=128), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("next_offset", sa.BigInteger(), nullable=False),
        sa.Column("topic_identity", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("group_name", "topic", "partition"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("topic", sa.String(length=128), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("headers", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "people",
        sa.Column("id", Id(), nullable=False),
        sa.Column("into_id", Id(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_people_into_id"), "people", ["into_id"], unique=False)
    op.create_table(
        "relay",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("running", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "seen",
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("day", "id"),
    )
    op.create_table(
        "touches",
        sa.Column("id", Id(), nullable=False),
        sa.Column("owner", Id(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_touches_owner"), "touches", ["owner"], unique=False)


def downgrade() -> None:
    """Drop them."""
    for name in (
        "touches",
        "seen",
        "relay",
        "people",
        "outbox",
        "log_positions",
        "journeys",
        "deals",
        "deal_people",
        "deal_history",
        "dead_letters",
        "credits",
        "accounts",
    ):
        op.drop_table(name)
