"""What the account of a lead may be asked for by, told from the cards that are there.

Revision ID: 0003
"""

import sqlalchemy as sa
from alembic import op
from msgspec import json

from services.scoring.domain.account_names import account_names
from services.scoring.store.ledger import card_of
from shared.contracts.touchpoints import PersonIdentified
from shared.db.dialect import Id

revision = "0003"
down_revision = "0002"

_CHUNK = 1_000


def upgrade() -> None:
    """Make the table, and fill it."""
    names = op.create_table(
        "lead_accounts",
        sa.Column("account", sa.String(length=256), nullable=False),
        sa.Column("person_id", Id(), nullable=False),
        sa.PrimaryKeyConstraint("account", "person_id"),
    )
    cards = sa.table("cards", sa.column("person_id", Id()), sa.column("body", sa.LargeBinary()))
    after: str | None = None
    while True:
        some = sa.select(cards).order_by(cards.c.person_id).limit(_CHUNK)
        rows = op.get_bind().execute(some if after is None else some.where(cards.c.person_id > after)).all()
        named = [
            {"account": name, "person_id": person_id}
            for person_id, body in rows
            for name in account_names(card_of(body), json.decode(body, type=PersonIdentified).accounts)
        ]
        if named:
            op.bulk_insert(names, named)
        if len(rows) < _CHUNK:
            return
        after = rows[-1].person_id


def downgrade() -> None:
    """Take it away."""
    op.drop_table("lead_accounts")
