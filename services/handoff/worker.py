"""What wakes hand-off, and what it then does."""

from services.handoff.handlers import on_deal, on_lead_qualified, on_person, on_stage_changed, on_touchpoint
from services.handoff.handlers.handing import Handing
from shared.contracts import topics
from shared.runtime.session import On

GROUP = "handoff"
TOPICS = (topics.TOUCHPOINTS, topics.LEADS, topics.DEALS)

HANDLERS: dict[str, On[Handing]] = {
    "touchpoint": On(on_touchpoint.keys, on_touchpoint.on_touchpoint),
    "person.identified": On(on_person.card_keys, on_person.on_person_identified),
    "person.merged": On(on_person.merge_keys, on_person.on_person_merged),
    "person.split": On(on_person.split_keys, on_person.on_person_split, inbox=True),
    "person.erased": On(on_person.erasure_keys, on_person.on_person_erased),
    "deal": On(on_deal.keys, on_deal.on_deal),
    "lead.qualified": On(on_lead_qualified.keys, on_lead_qualified.on_lead_qualified),
    "lead.stage_changed": On(on_stage_changed.keys, on_stage_changed.on_stage_changed),
}
