"""What wakes the resolver, and what it then does."""

from services.ingest.handlers.on_collected import (
    deal_keys,
    on_deal_collected,
    on_touchpoint_collected,
    on_touchpoint_rejected,
    reject_keys,
    touchpoint_keys,
)
from services.ingest.handlers.on_told import no_keys, on_erasure_done, on_handoff_acted, on_stage_changed
from services.ingest.handlers.resolving import Resolving
from shared.contracts import topics
from shared.observe.metrics import Metrics
from shared.runtime.pace import Pace
from shared.runtime.session import Consuming, On, Open

GROUP = "ingest"
PATIENT = (topics.ALIASES_COLLECTED,)
"""What may come late: who else somebody is, and nothing that they do."""
TOPICS = (
    *PATIENT, topics.TOUCHPOINTS_COLLECTED, topics.DEALS_COLLECTED, topics.TOUCHPOINTS_REJECTED, topics.LEADS,
    topics.HANDOFFS, topics.ERASURES,
)  # fmt: skip

HANDLERS: dict[str, On[Resolving]] = {
    "touchpoint.collected": On(touchpoint_keys, on_touchpoint_collected),
    "alias.collected": On(touchpoint_keys, on_touchpoint_collected),
    "deal.collected": On(deal_keys, on_deal_collected),
    "touchpoint.rejected": On(reject_keys, on_touchpoint_rejected),
    "lead.stage_changed": On(no_keys, on_stage_changed),
    **{name: On(no_keys, on_handoff_acted) for name in topics.HANDOFFS.types},
    "erasure.done": On(no_keys, on_erasure_done, inbox=True),
}


def measure(session: Resolving, metrics: Metrics) -> None:
    """Count what a batch came to."""
    metrics.duplicates.inc(session.duplicates)
    metrics.suppressed.inc(session.suppressed)


def loops(open_session: Open[Resolving], pace: Pace) -> tuple[Consuming[Resolving], Consuming[Resolving]]:
    """What goes first, and what may come late, in one group: each loop reads topics of its own."""
    # Only what has keys holds it up, the acts of visitors and back ends: what services tell may come of aliases.
    others = tuple(topic for topic in TOPICS if topic not in PATIENT)
    first = Consuming(GROUP, others, HANDLERS, open_session, measure, ahead_of=pace)
    return first, Consuming(GROUP, PATIENT, HANDLERS, open_session, measure, pace=pace)
