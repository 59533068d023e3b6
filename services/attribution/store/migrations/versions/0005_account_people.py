"""Who belongs to which account, and whose people count for a deal.

Revision ID: 0005
"""

import sqlalchemy as sa
from alembic import op

from shared.db.dialect import Id

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "account_people",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("person_id", Id(), nullable=False),
        sa.PrimaryKeyConstraint("account", "person_id"),
    )
    op.create_index(op.f("ix_account_people_person_id"), "account_people", ["person_id"], unique=False)
    op.create_table(
        "cards",
        sa.Column("person_id", Id(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("accounts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("person_id"),
    )
    op.add_column("deals", sa.Column("account_name", sa.Text(), nullable=True))
    op.add_column("deals", sa.Column("people_of", sa.Text(), nullable=True))
    op.create_index(op.f("ix_deals_people_of"), "deals", ["people_of"], unique=False)
    # Which of them have contacts with a role is known where they are derived; here it is enough that none is missed.
    op.execute("UPDATE deals SET people_of = account_id")


def downgrade() -> None:
    """Drop them."""
    op.drop_index(op.f("ix_deals_people_of"), "deals")
    op.drop_column("deals", "people_of")
    op.drop_column("deals", "account_name")
    op.drop_table("cards")
    op.drop_table("account_people")
