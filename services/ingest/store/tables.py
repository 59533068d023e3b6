"""The tables of ingest: the graph of identifiers, the people, the record of all touchpoints, the deals.

An identifier is named by its text, `kind:value`. A component is a set of identifiers that claims connect; its
root (the one with no parent) is the row that guards everything in it.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text

from shared.db.dialect import Id
from shared.db.spine import BigId, spine

METADATA = MetaData()
spine(METADATA)

COMPONENTS = Table(
    "components",
    METADATA,
    Column("id", Id, primary_key=True),
    Column("parent", Id, index=True),
)
IDENTIFIERS = Table(
    "identifiers",
    METADATA,
    Column("id", String(320), primary_key=True),
    Column("component", Id, index=True),
    Column("person", Id, index=True),
    Column("contested", Boolean, nullable=False),
    Column("consent", Text),
    Column("domain", String(253), index=True),
    Column("grouped", Boolean),
)
"""`consent`: JSON of what was said last under it of each purpose; none where nothing was. `domain`: of an e-mail that
names an account, the registered one. `grouped`: some event names it with an account, or a call about a group with
none came under it while it was nobody's."""
CLAIMS = Table(
    "claims",
    METADATA,
    Column("id", Id, primary_key=True),
    Column("component", Id, nullable=False, index=True),
    Column("event_id", Id, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("trusted", Boolean, nullable=False),
    Column("explicit", Boolean, nullable=False),
    Column("identifiers", Text, nullable=False),
    Column("source", String(128), nullable=False),
    Column("verdict", String(16)),
    Column("review", String(32)),
)
"""`verdict`: set where it is an operator's last word on a statement, whose id the row then bears. `review`: why it was
not followed when its community was last settled, where that wants a look."""
OPERATOR_ACTS = Table(
    "operator_acts",
    METADATA,
    Column("id", Id, primary_key=True),
    Column("statement", Id, nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("who", String(128), nullable=False),
    Column("event_id", Id),
)
"""What operators decided, for ever; what a statement names is in the claim that bears its id."""
PEOPLE = Table(
    "people",
    METADATA,
    Column("id", Id, primary_key=True),
    Column("component", Id, nullable=False, index=True),
    Column("seed", String(320), nullable=False),
    Column("into_id", Id, index=True),
    Column("version", Integer, nullable=False),
    Column("card_version", Integer, nullable=False),
    Column("card", Text, nullable=False),
)
TRAITS = Table(
    "traits",
    METADATA,
    Column("identifier", String(320), primary_key=True),
    Column("name", String(256), primary_key=True),
    Column("value", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("event_id", Id, nullable=False),
)
ACCOUNTS = Table(
    "accounts",
    METADATA,
    Column("id", String(256), primary_key=True),
    Column("body", Text),
)
"""`body`: what is known of it, none while it is only locked."""
ACCOUNT_DOMAINS = Table(
    "account_domains",
    METADATA,
    Column("domain", String(253), primary_key=True),
    Column("registered", String(253), nullable=False, index=True),
    Column("account", String(256), index=True),
    Column("source", Text),
)
"""Who holds a domain, and since who said so. The row of the registered domain guards all that are under it."""
ACCOUNT_MEMBERS = Table(
    "account_members",
    METADATA,
    Column("identifier", String(320), primary_key=True),
    Column("account", String(256), primary_key=True, index=True),
    Column("rule", String(16), primary_key=True),
    Column("trusted", Boolean, primary_key=True),
    Column("statement", Id, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("event_id", Id, nullable=False),
)
"""Who was named together with which account: first by each rule and sort of sender, in each statement of who it is."""
REVIEWS = Table(
    "reviews",
    METADATA,
    Column("id", Id, primary_key=True),
    Column("claim", Id, nullable=False),
    Column("event_id", Id, nullable=False),
    Column("why", String(32), nullable=False),
    Column("open", Boolean, nullable=False),
    Column("raised_at", BigInteger, nullable=False),
    Index("reviews_by_time", "raised_at", "id"),
)
"""Statements that were not followed and want a look: `claim` is the row of the one that was not, `open` whether it is
not followed now. What was answered is told by the claim that bears the statement's id."""
TOUCHPOINTS = Table(
    "touchpoints",
    METADATA,
    Column("seq", BigId, primary_key=True, autoincrement=True),
    Column("id", Id, nullable=False, unique=True),
    Column("message_id", String(256)),
    Column("source", String(128), nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("occurred_at", BigInteger, nullable=False),
    Column("holder", String(320)),
    Column("person", Id),
    Column("revision", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("statement", Id),
    Column("state", String(16)),
    Index("touchpoints_by_message", "message_id"),
    Index("touchpoints_by_holder", "holder"),
)
"""`holder`: its strongest identifier. `person`: whose
it was when it was last published. `body`: the touchpoint as published, without person and revision. `statement`: what
it claims, none where it names at most one identifier. `state`: set where it is empty now: `erased` or `suppressed`."""
BROWSER_CLAIMS = Table(
    "browser_claims",
    METADATA,
    Column("browser", String(320), primary_key=True),
    Column("touchpoint_id", Id, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("holder", String(320), nullable=False),
)
"""The touchpoints under an anonymous id that name somebody: `holder` is whom they name, `at` their event time."""
DEALS = Table(
    "deals",
    METADATA,
    Column("id", String(256), primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("event_id", Id, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("people", Text, nullable=False),
)
DEAL_CONTACTS = Table(
    "deal_contacts",
    METADATA,
    Column("identifier", String(320), primary_key=True),
    Column("deal_id", String(256), primary_key=True, index=True),
)
TIMELINE = Table(
    "timeline",
    METADATA,
    Column("id", Id, primary_key=True),
    Column("person", Id, nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("handoff", Id, index=True),
)
"""What other services said of people, by the id each had then: aliases are followed when it is read. `handoff`: the one
that an act is of; whose it is by now, the last act says."""
REJECTED = Table(
    "rejected",
    METADATA,
    Column("seq", BigId, primary_key=True, autoincrement=True),
    Column("id", Id, nullable=False, unique=True),
    Column("received_at", BigInteger, nullable=False),
    Column("source", String(128), nullable=False),
    Column("codes", Text, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("message_id", String(256)),
    Index("rejected_by_message", "message_id"),
)
"""`message_id`: as the door answered with it. It may be no part of the body, which is cut where it was very long."""
ACTS = Table(
    "acts",
    METADATA,
    Column("key", String(255), primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
)
"""What was asked under an `Idempotency-Key`, and what was answered."""
ERASURES = Table(
    "erasures",
    METADATA,
    Column("id", Id, primary_key=True),
    Column("person", Id, nullable=False),
    Column("requested_at", BigInteger, nullable=False),
    Column("swept_at", BigInteger),
    Column("finished_at", BigInteger, index=True),
)
"""`swept_at`: when all services had answered and what is written in free form had been looked through once more."""
ERASURE_LINES = Table(
    "erasure_lines",
    METADATA,
    Column("erasure", Id, primary_key=True),
    Column("service", String(32), primary_key=True),
    Column("store", String(64), primary_key=True),
    Column("removed", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
)
TOMBSTONES = Table(
    "tombstones",
    METADATA,
    Column("id", Id, primary_key=True),
    Column("erasure", Id, nullable=False),
)
"""Every id that stood for somebody who was erased."""
SUPPRESSED = Table(
    "suppressed",
    METADATA,
    Column("hash", String(64), primary_key=True),
    Column("erasure", Id, nullable=False),
)
"""Keyed hashes of what they were called (domain/suppression.py)."""
