"""Who was named with which account, in which statement of who they are: a split takes that back too.

Of what was kept before, the first event that said so speaks for all others of its sort.

Revision ID: 0005
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from msgspec import json

from services.ingest.domain.identity import identifier, statement_id
from shared.db.dialect import Id

revision = "0005"
down_revision = "0004"

_CHUNK = 1_000
_KEY = ("identifier", "account", "rule", "trusted")
_BEFORE = sa.table(
    "account_members",
    *(sa.column(name, sa.String()) for name in ("identifier", "account", "rule")),
    sa.column("trusted", sa.Boolean()),
    sa.column("at", sa.BigInteger()),
    sa.column("event_id", Id()),
)


def upgrade() -> None:
    """Keep statements, and name those of what is there."""
    before = _all()
    op.drop_table("account_members")
    members = _make(*_KEY, "statement")
    if before:
        said = _said([row["event_id"] for row in before])
        rows = [row | {"statement": said.get((row["event_id"], row["identifier"]), _alone(row))} for row in before]
        op.bulk_insert(members, rows)


def _make(*key: str) -> sa.Table:
    statement: list[sa.Column[str]] = [sa.Column("statement", Id(), nullable=False)] if "statement" in key else []
    members = op.create_table(
        "account_members",
        sa.Column("identifier", sa.String(length=320), nullable=False),
        sa.Column("account", sa.String(length=256), nullable=False),
        sa.Column("rule", sa.String(length=16), nullable=False),
        sa.Column("trusted", sa.Boolean(), nullable=False),
        *statement,
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("event_id", Id(), nullable=False),
        sa.PrimaryKeyConstraint(*key),
    )
    op.create_index(op.f("ix_account_members_account"), "account_members", ["account"], unique=False)
    return members


def _all() -> list[dict[str, Any]]:
    return [{**row} for row in op.get_bind().execute(sa.select(_BEFORE)).mappings()]


def _said(events: Sequence[str]) -> Mapping[tuple[str, str], str]:
    """The statements that claims and touchpoints know, by their event and the strongest identifier."""
    found: dict[tuple[str, str], str] = {}
    claims = sa.table("claims", sa.column("event_id", Id()), sa.column("identifiers", sa.Text()))
    touchpoints = sa.table(
        "touchpoints", sa.column("id", Id()), sa.column("holder", sa.String()), sa.column("statement", Id())
    )
    for first in range(0, len(events), _CHUNK):
        some = sorted(events[first : first + _CHUNK])
        for event_id, named in op.get_bind().execute(sa.select(claims).where(claims.c.event_id.in_(some))):
            members = json.decode(named, type=list[str])
            found[event_id, members[0]] = statement_id(map(identifier, members))
        kept = sa.select(touchpoints).where(touchpoints.c.id.in_(some), touchpoints.c.statement.is_not(None))
        found.update({(event_id, holder): statement for event_id, holder, statement in op.get_bind().execute(kept)})
    return found


def _alone(row: Mapping[str, Any]) -> str:
    return statement_id([identifier(row["identifier"])])


def downgrade() -> None:
    """Forget the statements."""
    latest_first = sorted(_all(), key=lambda row: (row["at"], row["event_id"]), reverse=True)
    earliest = {tuple(row[column] for column in _KEY): row for row in latest_first}
    op.drop_table("account_members")
    members = _make(*_KEY)
    if earliest:
        op.bulk_insert(members, list(earliest.values()))
