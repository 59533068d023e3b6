"""The tables of scoring: facts by touchpoint, outcome and deal, the card of each person, and what was derived."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text, false

from shared.db.dialect import Id
from shared.db.erased import erased_tables
from shared.db.people import people_table
from shared.db.spine import spine

METADATA = MetaData()
spine(METADATA)
PEOPLE = people_table(METADATA)
erased_tables(METADATA)

TOUCHES = Table(
    "touches",
    METADATA,
    Column("id", Id, primary_key=True),
    Column("owner", Id),
    Column("revision", Integer, nullable=False),
    Column("occurred_at", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("promotion_id", Id),
    Column("promoted_as", Id),
    Index("touches_by_owner", "owner"),
    Index("touches_by_promotion", "promotion_id", unique=True),
)
"""`owner`: under whom it was published. `promotion_id`: the promotion that was sent because of it, and
`promoted_as` the owner of whom it was last sent."""
OUTCOMES = Table(
    "outcomes",
    METADATA,
    Column("id", Id, primary_key=True),
    Column("promotion_id", Id, nullable=False, index=True),
    Column("at", BigInteger, nullable=False),
    Column("act", String(32), nullable=False),
    Column("outcome", String(32)),
    Column("handoff_id", Id),
    Column("version", BigInteger, nullable=False, server_default="0"),
    Column("owner", Text),
    Column("reason", Text),
)
"""`handoff_id` with its `version`, `owner` and `reason` after the act; acts of before that was kept say none of it."""
CARDS = Table(
    "cards",
    METADATA,
    Column("person_id", Id, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
LEAD_ACCOUNTS = Table(
    "lead_accounts",
    METADATA,
    Column("account", String(256), primary_key=True),
    Column("person_id", Id, primary_key=True),
)
"""What the account of somebody was ever asked for by, in lower case: the way to leads, whose cards then decide."""
DEALS = Table(
    "deals",
    METADATA,
    Column("id", String(256), primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("status", String(16), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger),
)
DEAL_PEOPLE = Table(
    "deal_people",
    METADATA,
    Column("person_id", Id, primary_key=True),
    Column("deal_id", String(256), primary_key=True, index=True),
)
LEADS = Table(
    "leads",
    METADATA,
    Column("person_id", Id, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("told", String(36), nullable=False),
    Column("alias", Boolean, nullable=False),
    Column("stage", String(32), nullable=False),
    Column("stage_since", BigInteger),
    Column("cycle", Integer, nullable=False),
    Column("grade", String(1), nullable=False),
    Column("state", LargeBinary, nullable=False),
    Column("charter", Text, nullable=False),
    Column("owed", Boolean, nullable=False, server_default=false()),
    Index("leads_by_stage", "stage", "person_id"),
    Index("leads_owed", "owed", "person_id"),
)
"""`told`: digest of the history last published, `version`: of that publication. `alias`: it is somebody else's now.
`owed`: its facts are still to be folded."""
