"""The topics, one row each: who writes it, who reads it, what it carries, how long it stays."""

from dataclasses import dataclass, field

from msgspec import Struct

from shared.contracts.deals import CollectedDeal, Deal
from shared.contracts.erasures import ErasureDone
from shared.contracts.handoffs import HANDOFF_ACTS, HandoffActed
from shared.contracts.leads import LeadQualified, LeadStageChanged
from shared.contracts.spend import CollectedSpend
from shared.contracts.touchpoints import (
    CollectedTouchpoint,
    PersonErased,
    PersonIdentified,
    PersonMerged,
    PersonSplit,
    RejectedTouchpoint,
    Touchpoint,
)


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. `key` says in words what orders it; `retention_days` is none where it is compacted."""

    name: str
    key: str
    types: dict[str, type[Struct]] = field(hash=False)
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    retention_days: int | None


TOUCHPOINTS_COLLECTED = Topic(
    "touchpoints.collected",
    "keyed hash of the anonymous id, else the user id, else the e-mail",
    {"touchpoint.collected": CollectedTouchpoint},
    ("ingest",),
    ("ingest",),
    7,
)
ALIASES_COLLECTED = Topic(
    "aliases.collected",
    "as of touchpoints.collected",
    {"alias.collected": CollectedTouchpoint},
    ("ingest",),
    ("ingest",),
    7,
)
TOUCHPOINTS_REJECTED = Topic(
    "touchpoints.rejected", "none", {"touchpoint.rejected": RejectedTouchpoint}, ("ingest",), ("ingest",), 30
)
DEALS_COLLECTED = Topic("deals.collected", "deal id", {"deal.collected": CollectedDeal}, ("ingest",), ("ingest",), 7)
SPEND_COLLECTED = Topic(
    "spend.collected",
    "UUID of source, channel, campaign and day",
    {"spend.collected": CollectedSpend},
    ("ingest",),
    ("attribution",),
    30,
)
TOUCHPOINTS = Topic(
    "touchpoints",
    "person id",
    {
        "touchpoint": Touchpoint,
        "person.identified": PersonIdentified,
        "person.merged": PersonMerged,
        "person.split": PersonSplit,
        "person.erased": PersonErased,
    },
    ("ingest",),
    ("scoring", "handoff", "attribution"),
    30,
)
DEALS = Topic("deals", "deal id", {"deal": Deal}, ("ingest",), ("scoring", "handoff", "attribution"), None)
LEADS = Topic(
    "leads",
    "person id",
    {"lead.stage_changed": LeadStageChanged, "lead.qualified": LeadQualified},
    ("scoring",),
    ("ingest", "handoff", "attribution"),
    30,
)
HANDOFFS = Topic(
    "handoffs",
    "person id",
    {f"handoff.{act}": HandoffActed for act in HANDOFF_ACTS},
    ("handoff",),
    ("ingest", "scoring", "attribution"),
    30,
)
ERASURES = Topic(
    "erasures",
    "erasure id",
    {"erasure.done": ErasureDone},
    ("scoring", "handoff", "attribution"),
    ("ingest",),
    30,
)

TOPICS: tuple[Topic, ...] = (
    TOUCHPOINTS_COLLECTED, ALIASES_COLLECTED, TOUCHPOINTS_REJECTED, DEALS_COLLECTED, TOUCHPOINTS, DEALS, LEADS,
    HANDOFFS, SPEND_COLLECTED, ERASURES,
)  # fmt: skip

TYPES: dict[str, type[Struct]] = {name: struct for topic in TOPICS for name, struct in topic.types.items()}
"""Every event type on any topic; names are unique over all of them."""


_DEAD = ".dead"
DEAD_RETENTION_DAYS = 30
"""Dead letters speak of people as well: what carries them outlives no other topic that does."""


def dead_topic(topic: str, group: str) -> str:
    """Where a group's dead letters of a topic go."""
    return f"{topic}.{group}{_DEAD}"


def carries_dead_letters(topic: str) -> bool:
    """Whether a topic is one of those."""
    return topic.endswith(_DEAD)


def dead_topics(topic: Topic) -> tuple[str, ...]:
    """Where all dead letters of a topic go."""
    return tuple(dead_topic(topic.name, group) for group in topic.consumers)


RETENTION_DAYS: dict[str, int | None] = {
    **{topic.name: topic.retention_days for topic in TOPICS},
    **{dead: DEAD_RETENTION_DAYS for topic in TOPICS for dead in dead_topics(topic)},
}
"""How long every topic there is keeps what it carries, those of dead letters included; none where it is compacted."""
