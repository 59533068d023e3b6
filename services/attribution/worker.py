"""What wakes attribution, and what it then does."""

from services.attribution.handlers import (
    on_deal,
    on_handoff,
    on_lead_qualified,
    on_person,
    on_spend,
    on_stage_changed,
    on_touchpoint,
)
from services.attribution.handlers.attributing import Attributing
from shared.contracts import topics
from shared.contracts.handoffs import HANDOFF_ACTS
from shared.runtime.session import On

GROUP = "attribution"
TOPICS = (topics.TOUCHPOINTS, topics.DEALS, topics.LEADS, topics.HANDOFFS, topics.SPEND_COLLECTED)

HANDLERS: dict[str, On[Attributing]] = {
    "touchpoint": On(on_touchpoint.keys, on_touchpoint.on_touchpoint),
    "person.identified": On(on_person.card_keys, on_person.on_person_identified),
    "person.merged": On(on_person.merge_keys, on_person.on_person_merged),
    "person.split": On(on_person.split_keys, on_person.on_person_split),
    "person.erased": On(on_person.erasure_keys, on_person.on_person_erased),
    "deal": On(on_deal.keys, on_deal.on_deal),
    "lead.stage_changed": On(on_stage_changed.keys, on_stage_changed.on_stage_changed),
    "lead.qualified": On(on_lead_qualified.keys, on_lead_qualified.on_lead_qualified),
    **{f"handoff.{act}": On(on_handoff.keys, on_handoff.on_handoff) for act in HANDOFF_ACTS},
    "spend.collected": On(on_spend.keys, on_spend.on_spend),
}
