"""Sums of all rule models in one row, beside a row for each model: what was summed is moved, not summed again.

What a worker of the release before still writes into the older table, PostgreSQL adds to this one. A file has no such
worker: who migrates it is who opens it. The older table goes a release later.

Revision ID: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_KEYS = ("channel", "department", "source", "campaign", "kind", "utm_source")
_TOGETHER = ("span", "reported_in", "start", *_KEYS)
_MODELS = (
    "first_last", "linear", "single", "first_touch", "last_touch", "last_non_direct", "lead_creation",
    "u_shaped_hubspot", "u_shaped_bizible", "w_shaped", "w_shaped_bizible", "full_path", "j_shaped",
    "inverse_j_shaped", "time_decay",
)  # fmt: skip
_WAS = {"parts": "parts", "minor": "amount_minor", "volume": "volume"}
_SUMS = [(f"{model}_{what}", model, was) for model in _MODELS for what, was in _WAS.items()]
_LISTED = ", ".join((*_TOGETHER, *(name for name, _, _ in _SUMS)))
_BY_KEY = ", ".join(_TOGETHER)


def upgrade() -> None:
    """Make the table, and move what is there into it."""
    op.create_table(
        "model_sums",
        sa.Column("span", sa.String(length=5), nullable=False),
        sa.Column("reported_in", sa.String(length=3), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        *(sa.Column(key, sa.Text(), nullable=False) for key in _KEYS),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name, _, _ in _SUMS),
        sa.PrimaryKeyConstraint(*_TOGETHER),
    )
    if op.get_bind().dialect.name == "postgresql":
        _forward()  # Before anything is moved: it waits for who is writing, and has the others wait.
    moved = ", ".join(
        f"CAST(SUM(CASE WHEN model = '{model}' THEN {was} ELSE 0 END) AS BIGINT)" for _, model, was in _SUMS
    )
    op.execute(f"INSERT INTO model_sums ({_LISTED}) SELECT {_BY_KEY}, {moved} FROM credit_sums GROUP BY {_BY_KEY}")


def _forward() -> None:
    keys = ", ".join(f"NEW.{key}" for key in _TOGETHER)
    moved = ", ".join(
        f"CASE WHEN NEW.model = '{model}' THEN NEW.{was} - COALESCE(OLD.{was}, 0) ELSE 0 END" for _, model, was in _SUMS
    )
    added = ", ".join(f"{name} = model_sums.{name} + excluded.{name}" for name, _, _ in _SUMS)
    op.execute(
        "CREATE FUNCTION forward_credit_sums() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" INSERT INTO model_sums ({_LISTED}) VALUES ({keys}, {moved})"
        f" ON CONFLICT ({_BY_KEY}) DO UPDATE SET {added};"
        " RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER forward_credit_sums AFTER INSERT OR UPDATE ON credit_sums"
        " FOR EACH ROW EXECUTE FUNCTION forward_credit_sums()"
    )


def downgrade() -> None:
    """Have all of it in a row for each model again."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER forward_credit_sums ON credit_sums")
        op.execute("DROP FUNCTION forward_credit_sums()")
    op.execute("DELETE FROM credit_sums")
    for model in _MODELS:
        held = [f"{model}_{what}" for what in _WAS]
        op.execute(
            f"INSERT INTO credit_sums ({_BY_KEY}, model, {', '.join(_WAS.values())})"
            f" SELECT {_BY_KEY}, '{model}', {', '.join(held)} FROM model_sums"
            f" WHERE {' OR '.join(f'{name} <> 0' for name in held)}"
        )
    op.drop_table("model_sums")
