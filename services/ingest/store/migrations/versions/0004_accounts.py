"""Accounts, the domains they hold, and who was named with them.

Everybody who is known gets the domain of their addresses at once; their cards name an account from their next
event on.

Revision ID: 0004
"""

import sqlalchemy as sa
from alembic import op

from services.ingest.settings import mail_domain
from shared.db.dialect import Id

revision = "0004"
down_revision = "0003"

_CHUNK = 1_000


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "account_domains",
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.Column("registered", sa.String(length=253), nullable=False),
        sa.Column("account", sa.String(length=256), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("domain"),
    )
    op.create_index(op.f("ix_account_domains_account"), "account_domains", ["account"], unique=False)
    op.create_index(op.f("ix_account_domains_registered"), "account_domains", ["registered"], unique=False)
    op.create_table(
        "account_members",
        sa.Column("identifier", sa.String(length=320), nullable=False),
        sa.Column("account", sa.String(length=256), nullable=False),
        sa.Column("rule", sa.String(length=16), nullable=False),
        sa.Column("trusted", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("event_id", Id(), nullable=False),
        sa.PrimaryKeyConstraint("identifier", "account", "rule", "trusted"),
    )
    op.create_index(op.f("ix_account_members_account"), "account_members", ["account"], unique=False)
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(length=256), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.add_column("identifiers", sa.Column("domain", sa.String(length=253), nullable=True))
    op.add_column("identifiers", sa.Column("grouped", sa.Boolean(), nullable=True))
    op.create_index(op.f("ix_identifiers_domain"), "identifiers", ["domain"], unique=False)
    _name_domains()


def _name_domains() -> None:
    identifiers = sa.table("identifiers", sa.column("id", sa.String()), sa.column("domain", sa.String()))
    emails = sa.select(identifiers.c.id).where(identifiers.c.id.startswith("email:")).order_by(identifiers.c.id)
    naming = sa.update(identifiers).where(identifiers.c.id == sa.bindparam("named"))
    naming = naming.values(domain=sa.bindparam("registered"))
    store, after = op.get_bind(), ""
    while rows := store.execute(emails.where(identifiers.c.id > after).limit(_CHUNK)).all():
        named = [
            {"named": row.id, "registered": domain.registered}
            for row in rows
            if (domain := mail_domain(row.id.partition(":")[2])) is not None
        ]
        if named:
            store.execute(naming, named)
        after = rows[-1].id


def downgrade() -> None:
    """Drop them."""
    op.drop_index(op.f("ix_identifiers_domain"), "identifiers")
    op.drop_column("identifiers", "grouped")
    op.drop_column("identifiers", "domain")
    for name in ("accounts", "account_members", "account_domains"):
        op.drop_table(name)
