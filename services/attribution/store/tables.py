"""The tables of attribution: touches, deals with every version of them, and what was derived of each deal."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

from services.attribution.domain.quality import MEASURED, By
from shared.db.dialect import Id
from shared.db.erased import erased_tables
from shared.db.people import people_table
from shared.db.refusals import refusals_table
from shared.db.spine import spine

SUMMED_MODELS = (
    "first_last",
    "linear",
    "single",
    "first_touch",
    "last_touch",
    "last_non_direct",
    "lead_creation",
    "u_shaped_hubspot",
    "u_shaped_bizible",
    "w_shaped",
    "w_shaped_bizible",
    "full_path",
    "j_shaped",
    "inverse_j_shaped",
    "time_decay",
)
"""The rule models that sums are kept of, three columns each; what others credited is added up when it is asked for."""
METADATA = MetaData()
spine(METADATA)
PEOPLE = people_table(METADATA)
REFUSALS = refusals_table(METADATA)
erased_tables(METADATA)


def _attributes() -> list[Column[Any]]:
    """What credits are told apart by, columns made anew for each table."""
    needed = ("channel", "department")
    names = ("kind", "channel", "campaign", "department", "source", "utm_source", "content")
    return [Column(name, Text, nullable=name not in needed) for name in names]


def _keys(*names: str) -> list[Column[Any]]:
    """Texts that tell a row from the others; an empty one where there is nothing."""
    return [Column(name, Text, primary_key=True) for name in names]


def _numbers(*names: str) -> list[Column[Any]]:
    """Integers that are always there: times in milliseconds, versions, amounts in minor units."""
    return [Column(name, BigInteger, nullable=False) for name in names]


def _money() -> list[Column[Any]]:
    """An amount in minor units, after its currency."""
    return [Column("currency", String(3), nullable=False), *_numbers("amount_minor")]


def _earned() -> list[Column[Any]]:
    """Of a credit, how much of a deal it is, and how much money."""
    return [Column("part", Double, nullable=False), *_numbers("amount_minor")]


TOUCHES = Table(
    "touches",
    METADATA,
    Column("id", Id, primary_key=True),
    Column("owner", Id, index=True),
    Column("revision", Integer, nullable=False),
    Column("occurred_at", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""`owner`: under whom it was published; who that is now is told by `people`."""
ACCOUNTS = Table("accounts", METADATA, Column("id", Text, primary_key=True))
"""Nothing but a row to lock: the purchases of one account are looked at by one transaction at a time."""
DEALS = Table(
    "deals",
    METADATA,
    Column("id", String(256), primary_key=True),
    *_numbers("version", "revision"),
    Column("status", String(16), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("closed_at", BigInteger),
    Column("account_id", Text, index=True),
    Column("account_name", Text),
    Column("people_of", Text, index=True),
    Column("body", LargeBinary, nullable=False),
    Index("deals_by_close", "status", "closed_at"),
)
"""`closed_at`: null while it is open, whatever the CRM expects. `people_of`: the account, where its people count."""
DEAL_PEOPLE = Table(
    "deal_people",
    METADATA,
    Column("person_id", Id, primary_key=True),
    Column("deal_id", String(256), primary_key=True, index=True),
)
DEAL_LEAVERS = Table(
    "deal_leavers",
    METADATA,
    Column("deal_id", String(256), primary_key=True),
    Column("person_id", Id, primary_key=True, index=True),
    Column("role", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
)
"""Who was on a deal in an earlier revision of `version`, in the next one no more, and is not named since; whoever is
erased stays, under what stands in for them: see handlers/forgetting.py."""
CARDS = Table(
    "cards",
    METADATA,
    Column("person_id", Id, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("accounts", Text, nullable=False),
    Column("persona", Text),
)
"""Somebody by the last card. `accounts`: a JSON list of what deals may call them, ids and domains."""
ACCOUNT_PEOPLE = Table(
    "account_people",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("person_id", Id, primary_key=True, index=True),
)
"""The same the other way round. Of an alias, it is the card of who stands for it that counts."""
DEAL_HISTORY = Table(
    "deal_history",
    METADATA,
    Column("deal_id", String(256), primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("revision", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
JOURNEYS = Table(
    "journeys",
    METADATA,
    Column("deal_id", String(256), primary_key=True),
    Column("charter", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
STAGES = Table(
    "stages",
    METADATA,
    Column("person_id", Id, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("lead_at", BigInteger),
    Column("body", LargeBinary, nullable=False),
)
"""By the id they were published under. `lead_at`: when the stage `lead`, or one past it, was entered."""
PROMOTIONS = Table(
    "promotions",
    METADATA,
    Column("id", Id, primary_key=True),
    Column("cause_id", Id, nullable=False, index=True),
    Column("person_id", Id, nullable=False, index=True),
    Column("at", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False, server_default="1"),
)
"""A promotion is of whoever owns the touch that caused it; `person_id`: who that was by the highest revision, which
tells it where no touch is kept of what caused it."""
HANDOFF_ACTS = Table(
    "handoff_acts",
    METADATA,
    Column("handoff_id", Id, primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("promotion_id", Id, nullable=False, index=True),
    Column("person_id", Id, nullable=False, index=True),
    Column("act", String(32), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("reason", Text),
)
LEADS = Table(
    "leads",
    METADATA,
    Column("person_id", Id, primary_key=True),
    Column("lead_at", BigInteger, nullable=False, index=True),
    *(Column(f"{stage}_at", BigInteger) for stage in ("mql", "sal", "sql")),
    *(Column(name, Integer, nullable=False) for name in ("mqls", "accepted", "rejected", "contacted")),
    Column("reasons", Text),
    Column("heard_from", Text, nullable=False),
    *(Column(f"{by}_{name}", Text, nullable=False) for by in By for name in MEASURED),
)
"""What became of each lead, by who they are now, as it was last derived. `mqls` to `contacted`: 1, or 0. `reasons`: why
sales turned them down, as a JSON list. `first_channel` and so on: of the interaction that a way of asking finds."""
LEAD_DEALS = Table(
    "lead_deals",
    METADATA,
    Column("deal_id", String(256), primary_key=True),
    Column("person_id", Id, nullable=False, index=True),
)
"""The lead whose a won deal is: of its people, who became one first."""
DIRTY_LEADS = Table("dirty_leads", METADATA, Column("person_id", Id, primary_key=True), *_numbers("times"))
"""People of whom something changed since they were last derived as a lead, if they are one."""
SPEND = Table(
    "spend",
    METADATA,
    Column("id", Id, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("event_id", Id, nullable=False),
    Column("source", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("campaign", Text),
    *_numbers("day", "amount_minor"),
    Column("currency", String(3), nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Index("spend_by_day", "day", "id"),
)
"""`day`: its first millisecond, UTC. The highest (version, event_id) of an id is the one that is here."""
SUMMED = Table(
    "summed",
    METADATA,
    Column("deal_id", String(256), primary_key=True),
    Column("closed_at", BigInteger, nullable=False, index=True),
    *_money(),
    Column("reported_in", String(3), nullable=False),
    Column("reported_minor", BigInteger),
)
"""The won deals as they are in the sums. `reported_minor`: the same in the charter's currency; null without a rate."""
WON_SUMS = Table(
    "won_sums",
    METADATA,
    Column("span", String(5), primary_key=True),
    Column("start", BigInteger, primary_key=True),
    Column("currency", String(3), primary_key=True),
    Column("reported_in", String(3), primary_key=True),
    *_numbers("deals", "own_minor", "amount_minor"),
)
"""What was won by month and by day (`span`; `start`: first millisecond of the close's): in its own currency, and in
the charter's. `own_minor` is in `currency`, `amount_minor` in `reported_in`."""
MODEL_SUMS = Table(
    "model_sums",
    METADATA,
    Column("span", String(5), primary_key=True),
    Column("reported_in", String(3), primary_key=True),
    Column("start", BigInteger, primary_key=True),
    *_keys("channel", "department", "source", "campaign", "kind", "utm_source"),
    *_numbers(*(f"{model}_{what}" for model in SUMMED_MODELS for what in ("parts", "minor", "volume"))),
)
"""What the credits of the same deals add up to by each model, under what they have in common (an empty text: nothing
there). `_parts`: deals, in units of 2 ** -40, so that adding and taking away leaves nothing behind."""
CREDIT_SUMS = Table(
    "credit_sums",
    METADATA,
    Column("span", String(5), primary_key=True),
    Column("reported_in", String(3), primary_key=True),
    Column("model", String(64), primary_key=True),
    Column("start", BigInteger, primary_key=True),
    *_keys("channel", "department", "source", "campaign", "kind", "utm_source"),
    *_numbers("parts", "amount_minor", "volume"),
)
"""The same in a row for each model, for services of the release before that still run; it goes with the next one."""
OPEN_DEALS = Table(
    "open_deals",
    METADATA,
    Column("deal_id", String(256), primary_key=True),
    Column("created_at", BigInteger, nullable=False, index=True),
    Column("stage", Text),
    Column("account_id", Text),
    *_money(),
    Column("credits", LargeBinary, nullable=False),
)
"""Deals that are neither won nor lost, each with its credits by model in one body: they change with every touch."""
CREDITS = Table(
    "credits",
    METADATA,
    Column("deal_id", String(256), primary_key=True),
    Column("model", String(64), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("interaction_id", Id),
    Column("occurred_at", BigInteger),
    Column("person_id", Id),
    *_attributes(),
    Column("share", Text, nullable=False),
    *_earned(),
)
"""Of won deals only; by each model a deal's rows sum to its amount. `share` is the exact fraction, `part` its value."""
CREDITED = Table(
    "credited",
    METADATA,
    Column("deal_id", String(256), primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("changes", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    *_numbers("version", "revision"),
    Column("charter", Text, nullable=False),
    Column("closed_at", BigInteger),
    Column("currency", String(3), nullable=False),
    Column("account_id", Text),
)
"""A deal as it stood when its credit was last derived, since it was first won. `digest`: of all its credits."""
CREDIT_CHANGES = Table(
    "credit_changes",
    METADATA,
    Column("deal_id", String(256), primary_key=True),
    Column("slot", Integer, primary_key=True),
    Column("n", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("cause", String(16), nullable=False),
    Column("event_id", Id),
    Column("status", String(16), nullable=False),
    Column("charter", Text, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""Every change of a deal's credit, the last ones: `slot` goes round. `body`: amounts by model and channel after it."""
PERIODS = Table(
    "periods",
    METADATA,
    Column("id", String(7), primary_key=True),
    *_numbers("since", "until"),
    Column("closed_at", BigInteger),
    Column("charter", Text),
    Column("agreed", Text),
)
"""A row to lock per month; `closed_at`, and by which charter and agreed model, once it is closed."""
REPORTED_DEALS = Table(
    "reported_deals",
    METADATA,
    Column("period", String(7), primary_key=True),
    Column("deal_id", String(256), primary_key=True),
    Column("closed_at", BigInteger, nullable=False, index=True),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("account_id", Text),
    Column("charter", Text, nullable=False),
)
REPORTED_CREDITS = Table(
    "reported_credits",
    METADATA,
    Column("period", String(7), primary_key=True),
    Column("deal_id", String(256), primary_key=True),
    Column("model", String(64), primary_key=True),
    Column("n", Integer, primary_key=True),
    *_attributes(),
    *_earned(),
)
"""What a month was closed with: never written again. It names no person and no interaction."""
ADJUSTMENTS = Table(
    "adjustments",
    METADATA,
    Column("period", String(7), primary_key=True),
    Column("deal_id", String(256), primary_key=True),
    Column("change", Integer, primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False, index=True),
    Column("cause", String(16), nullable=False),
    Column("event_id", Id),
    Column("model", String(64), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("account_id", Text),
    *_attributes(),
    *_earned(),
)
"""What came to be known after a month was closed, signed. `change`: which change of the deal's credit it was."""
