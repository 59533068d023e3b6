"""Sums of credit, and what is in them already of deals that were won before.

Revision ID: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_KEYS = ("channel", "department", "source", "campaign", "kind", "utm_source")
_START = {
    (
        "postgresql",
        "month",
    ): "(extract(epoch from date_trunc('month', to_timestamp(closed_at / 1000) AT TIME ZONE 'UTC')) * 1000)::bigint",
    ("postgresql", "day"): "closed_at - closed_at % 86400000",
    ("sqlite", "month"): "CAST(strftime('%s', closed_at / 1000, 'unixepoch', 'start of month') AS INTEGER) * 1000",
    ("sqlite", "day"): "closed_at - closed_at % 86400000",
}
_PARTS = {
    "postgresql": "CAST(floor(part * 1099511627776 + 0.5) AS BIGINT)",
    "sqlite": "CAST(part * 1099511627776 + 0.5 AS INTEGER)",
}


def upgrade() -> None:
    """Make the tables; what was won is converted into the charter's currency when the worker starts."""
    op.create_table(
        "summed",
        sa.Column("deal_id", sa.String(length=256), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("reported_in", sa.String(length=3), nullable=False),
        sa.Column("reported_minor", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("deal_id"),
    )
    op.create_index(op.f("ix_summed_closed_at"), "summed", ["closed_at"], unique=False)
    op.create_table(
        "won_sums",
        sa.Column("span", sa.String(length=5), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reported_in", sa.String(length=3), nullable=False),
        sa.Column("deals", sa.BigInteger(), nullable=False),
        sa.Column("own_minor", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("span", "start", "currency", "reported_in"),
    )
    op.create_table(
        "credit_sums",
        sa.Column("span", sa.String(length=5), nullable=False),
        sa.Column("reported_in", sa.String(length=3), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        *(sa.Column(key, sa.Text(), nullable=False) for key in _KEYS),
        sa.Column("parts", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("volume", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("span", "reported_in", "model", "start", *_KEYS),
    )
    fill(op.get_bind().dialect.name)


def fill(dialect: str) -> None:
    """Sum what was won before, as a derivation would have."""
    op.execute(
        "INSERT INTO summed SELECT id, closed_at, currency, amount_minor, currency, amount_minor FROM deals"
        " WHERE status = 'won' AND id IN (SELECT deal_id FROM credits)"
    )
    keys = ", ".join(f"COALESCE({key}, '')" for key in _KEYS)
    for span in ("month", "day"):
        start = _START[dialect, span]
        op.execute(
            f"INSERT INTO won_sums SELECT '{span}', {start}, currency, currency, count(*), sum(amount_minor),"
            " sum(amount_minor) FROM summed GROUP BY 1, 2, 3, 4"
        )
        op.execute(
            f"INSERT INTO credit_sums SELECT '{span}', currency, model, {start}, {keys}, sum({_PARTS[dialect]}),"
            " sum(c.amount_minor), sum(abs(c.amount_minor)) FROM credits c JOIN summed s ON s.deal_id = c.deal_id"
            " GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10"
        )


def downgrade() -> None:
    """Drop them."""
    for name in ("credit_sums", "won_sums", "summed"):
        op.drop_table(name)
