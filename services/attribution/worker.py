"""What wakes attribution, and what it then does."""

from services.attribution.handlers import on_deal, on_person, on_touchpoint
from services.attribution.handlers.attributing import Attributing
from shared.contracts import topics
from shared.runtime.session import On

GROUP = "attribution"
TOPICS = (topics.TOUCHPOINTS, topics.DEALS)

HANDLERS: dict[str, On[Attributing]] = {
    "touchpoint": On(on_touchpoint.keys, on_touchpoint.on_touchpoint),
    "person.identified": On(on_person.card_keys, on_person.on_person_identified),
    "person.merged": On(on_person.merge_keys, on_person.on_person_merged),
    "person.split": On(on_person.split_keys, on_person.on_person_split),
    "deal": On(on_deal.keys, on_deal.on_deal),
}
