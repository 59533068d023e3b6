"""The tables that every service has: positions, seen ids, outbox, dead letters, relay.

They live in the service's own schema (PostgreSQL) or file (SQLite) and are made by its migrations.
"""

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, String, Table, Text

BigId = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite counts up only what it calls INTEGER."""


def spine(metadata: MetaData) -> None:
    """Add the tables to a service's own."""
    Table(
        "log_positions",
        metadata,
        Column("group_name", String(64), primary_key=True),
        Column("topic", String(128), primary_key=True),
        Column("partition", Integer, primary_key=True),
        Column("next_offset", BigInteger, nullable=False),
        Column("topic_identity", String(64), nullable=False),
    )
    Table(
        "seen",
        metadata,
        Column("day", Integer, primary_key=True),
        Column("id", String(64), primary_key=True),
    )
    Table(
        "outbox",
        metadata,
        Column("id", BigId, primary_key=True, autoincrement=True),
        Column("topic", String(128), nullable=False),
        Column("key", LargeBinary, nullable=False),
        Column("value", LargeBinary, nullable=False),
        Column("headers", LargeBinary, nullable=False),
        sqlite_autoincrement=True,
    )
    Table(
        "relay",
        metadata,
        Column("name", String(32), primary_key=True),
        Column("running", Integer, nullable=False),
    )
    Table(
        "dead_letters",
        metadata,
        Column("id", BigId, primary_key=True, autoincrement=True),
        Column("group_name", String(64), nullable=False),
        Column("topic", String(128), nullable=False),
        Column("partition", Integer, nullable=False),
        Column("record_offset", BigInteger, nullable=False),
        Column("key", LargeBinary, nullable=False),
        Column("value", LargeBinary, nullable=False),
        Column("headers", LargeBinary, nullable=False),
        Column("reason", Text, nullable=False),
        Column("at", BigInteger, nullable=False),
    )


_alone = MetaData()
spine(_alone)
LOG_POSITIONS = _alone.tables["log_positions"]
SEEN = _alone.tables["seen"]
OUTBOX = _alone.tables["outbox"]
RELAY = _alone.tables["relay"]
DEAD_LETTERS = _alone.tables["dead_letters"]
