"""The first tables of ingest.

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
    op.create_table(
        "browser_claims",
        sa.Column("browser", sa.String(length=320), nullable=False),
        sa.Column("touchpoint_id", Id(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.String(length=320), nullable=False),
        sa.PrimaryKeyConstraint("browser", "touchpoint_id"),
    )
    op.create_table(
        "claims",
        sa.Column("id", Id(), nullable=False),
        sa.Column("component", Id(), nullable=False),
        sa.Column("event_id", Id(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("trusted", sa.Boolean(), nullable=False),
        sa.Column("explicit", sa.Boolean(), nullable=False),
        sa.Column("identifiers", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_claims_component"), "claims", ["component"], unique=False)
    op.create_table(
        "components",
        sa.Column("id", Id(), nullable=False),
        sa.Column("parent", Id(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_components_parent"), "components", ["parent"], unique=False)
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
        "deal_contacts",
        sa.Column("identifier", sa.String(length=320), nullable=False),
        sa.Column("deal_id", sa.String(length=256), nullable=False),
        sa.PrimaryKeyConstraint("identifier", "deal_id"),
    )
    op.create_index(op.f("ix_deal_contacts_deal_id"), "deal_contacts", ["deal_id"], unique=False)
    op.create_table(
        "deals",
        sa.Column("id", sa.String(length=256), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("event_id", Id(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("people", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "identifiers",
        sa.Column("id", sa.String(length=320), nullable=False),
        sa.Column("component", Id(), nullable=True),
        sa.Column("person", Id(), nullable=True),
        sa.Column("contested", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_identifiers_component"), "identifiers", ["component"], unique=False)
    op.create_index(op.f("ix_identifiers_person"), "identifiers", ["person"], unique=False)
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
        sa.Column("component", Id(), nullable=False),
        sa.Column("seed", sa.String(length=320), nullable=False),
        sa.Column("into_id", Id(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("card_version", sa.Integer(), nullable=False),
        sa.Column("card", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_people_component"), "people", ["component"], unique=False)
    op.create_index(op.f("ix_people_into_id"), "people", ["into_id"], unique=False)
    op.create_table(
        "rejected",
        sa.Column("seq", BigId, autoincrement=True, nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=128), nullable=False),
        sa.Column("codes", sa.Text(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
    )
    op.create_table(
        "relay",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("running", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "reviews",
        sa.Column("event_id", Id(), nullable=False),
        sa.Column("why", sa.String(length=32), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "why"),
    )
    op.create_table(
        "seen",
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("day", "id"),
    )
    op.create_table(
        "touchpoints",
        sa.Column("seq", BigId, autoincrement=True, nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("message_id", sa.String(length=256), nullable=True),
        sa.Column("source", sa.String(length=128), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.String(length=320), nullable=True),
        sa.Column("person", Id(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("touchpoints_by_holder", "touchpoints", ["holder"], unique=False)
    op.create_index("touchpoints_by_message", "touchpoints", ["message_id"], unique=False)
    op.create_table(
        "traits",
        sa.Column("identifier", sa.String(length=320), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("event_id", Id(), nullable=False),
        sa.PrimaryKeyConstraint("identifier", "name"),
    )


def downgrade() -> None:
    """Drop them."""
    for name in (
        "traits",
        "touchpoints",
        "seen",
        "reviews",
        "relay",
        "rejected",
        "people",
        "outbox",
        "log_positions",
        "identifiers",
        "deals",
        "deal_contacts",
        "dead_letters",
        "components",
        "claims",
        "browser_claims",
    ):
        op.drop_table(name)
