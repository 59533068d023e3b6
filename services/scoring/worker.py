"""What wakes scoring, and what it then does."""

from services.scoring.handlers import on_deal, on_handoff, on_person, on_touchpoint
from services.scoring.handlers.scoring import Scoring
from shared.contracts import topics
from shared.contracts.handoffs import HANDOFF_ACTS
from shared.runtime.session import On

GROUP = "scoring"
TOPICS = (topics.TOUCHPOINTS, topics.HANDOFFS, topics.DEALS)

HANDLERS: dict[str, On[Scoring]] = {
    "touchpoint": On(on_touchpoint.keys, on_touchpoint.on_touchpoint),
    "person.identified": On(on_person.card_keys, on_person.on_person_identified),
    "person.merged": On(on_person.merge_keys, on_person.on_person_merged),
    "person.split": On(on_person.split_keys, on_person.on_person_split),
    "person.erased": On(on_person.erasure_keys, on_person.on_person_erased),
    "deal": On(on_deal.keys, on_deal.on_deal),
    **{f"handoff.{act}": On(on_handoff.keys, on_handoff.on_handoff) for act in HANDOFF_ACTS},
}
