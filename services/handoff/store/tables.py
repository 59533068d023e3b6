"""The tables of hand-off: hand-offs and what caused them, owners, endpoints with their keys, deliveries."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text

from shared.db.dialect import Id
from shared.db.erased import erased_tables
from shared.db.people import people_table
from shared.db.refusals import refusals_table
from shared.db.spine import spine

METADATA = MetaData()
spine(METADATA)
PEOPLE = people_table(METADATA)
REFUSALS = refusals_table(METADATA)
erased_tables(METADATA)

HANDOFFS = Table(
    "handoffs",
    METADATA,
    Column("id", Id, primary_key=True),
    Column("person_id", Id, nullable=False, index=True),
    Column("owner_id", String(64), nullable=False),
    Column("status", String(32), nullable=False),
    Column("assigned_at", BigInteger, nullable=False),
    Column("accept_due", BigInteger, index=True),
    Column("body", LargeBinary, nullable=False),
    Column("about", Id, index=True),
    Index("handoffs_by_status", "status", "owner_id"),
    Index("handoffs_by_time", "assigned_at", "id"),
)
"""`person_id`: under whom it was published. `about`: whom its brief tells of, which a split may leave to be somebody
else. `accept_due`: none once it was answered, has ended or was breached."""
PROMOTIONS = Table(
    "promotions",
    METADATA,
    Column("id", Id, primary_key=True),
    Column("handoff_id", Id, nullable=False),
    Column("revision", Integer, nullable=False, server_default="1"),
)
"""What was handed over, as the highest revision says: a second one of a person with an open hand-off names that one."""
WITHHELD = Table(
    "withheld",
    METADATA,
    Column("id", Id, primary_key=True),
    Column("person_id", Id, nullable=False, index=True),
    Column("about", Id, nullable=False, index=True),
    Column("revision", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""Promotions that were not handed over, for their person refuses it. `about`: whom their card tells of."""
SALES_ACTS = Table(
    "sales_acts",
    METADATA,
    Column("id", Id, primary_key=True),
    Column("person_id", Id, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("occurred_at", BigInteger, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("actor", Text),
    Column("counts", Boolean, nullable=False),
    Index("sales_acts_by_person", "person_id", "occurred_at"),
)
DEALS = Table(
    "deals",
    METADATA,
    Column("id", String(256), primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("status", String(16), nullable=False),
    Column("owner", Text),
    Column("at", BigInteger, nullable=False),
)
DEAL_PEOPLE = Table(
    "deal_people",
    METADATA,
    Column("person_id", Id, primary_key=True),
    Column("deal_id", String(256), primary_key=True, index=True),
)
STANDINGS = Table(
    "standings",
    METADATA,
    Column("person_id", Id, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("stage", String(32), nullable=False),
    Column("covers", Id, nullable=False),
    Column("promotions", LargeBinary, nullable=False),
    Column("cycles", LargeBinary),
)
"""What scoring said last of everybody: their promotions, which of them stand, and in which cycle each is by now."""
OWNERS = Table(
    "owners",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("assigned", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
ENDPOINTS = Table(
    "endpoints",
    METADATA,
    Column("id", Id, primary_key=True),
    Column("url", Text, nullable=False),
    Column("events", LargeBinary, nullable=False),
    Column("name", Text),
    Column("state", String(16), nullable=False),
    Column("reason", String(32)),
    Column("created_at", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("failing_since", BigInteger),
    Column("last_failure_at", BigInteger),
)
ENDPOINT_KEYS = Table(
    "endpoint_keys",
    METADATA,
    Column("endpoint_id", Id, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("sealed_by", String(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires_at", BigInteger),
)
"""The newest has no end; older ones sign along until theirs."""
DELIVERIES = Table(
    "deliveries",
    METADATA,
    Column("id", Id, primary_key=True),
    Column("webhook_id", String(64), nullable=False),
    Column("endpoint_id", Id, nullable=False),
    Column("handoff_id", Id, index=True),
    Column("person_id", Id),
    Column("type", String(32), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", BigInteger),
    Column("leased_until", BigInteger),
    Column("last_status", Integer),
    Column("last_failure", String(16)),
    Column("created_at", BigInteger, nullable=False),
    Index("deliveries_due", "state", "endpoint_id", "next_at"),
    Index("deliveries_by_endpoint", "endpoint_id", "created_at", "id"),
)
ACTS = Table(
    "acts",
    METADATA,
    Column("key", String(255), primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("handoff_id", Id, index=True),
)
"""What was asked under an `Idempotency-Key`, and what was answered."""
