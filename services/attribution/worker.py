"""What wakes attribution, and what it then does."""

from services.attribution.handlers import on_deal, on_person, on_spend, on_touchpoint
from services.attribution.handlers.attributing import Attributing
from shared.contracts import topics
from shared.runtime.session import On

GROUP = "attribution"
TOPICS = (topics.TOUCHPOINTS, topics.DEALS, topics.SPEND_COLLECTED)

HANDLERS: dict[str, On[Attributing]] = {
    "touchpoint": On(on_touchpoint.keys, on_touchpoint.on_touchpoint),
    "person.merged": On(on_person.merge_keys, on_person.on_person_merged),
    "person.split": On(on_person.split_keys, on_person.on_person_split),
    "deal": On(on_deal.keys, on_deal.on_deal),
    "spend.collected": On(on_spend.keys, on_spend.on_spend),
}
