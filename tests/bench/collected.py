"""What lies on the log for the consumers: events as the doors leave them there, of 2,000 buyers, and their deals.

Seeded. Of a hundred events three tell an e-mail address, two ask for a demo, five are calls by sales; the rest are
page views, a tenth of them with a user id.
"""

import json
import random
from collections.abc import Iterator

from msgspec import UNSET, Raw
from msgspec import json as packed

from shared.contracts import topics
from shared.contracts.deals import CollectedDeal, DealContact
from shared.contracts.envelope import headers
from shared.contracts.records import Outgoing
from shared.contracts.touchpoints import CollectedTouchpoint
from shared.kernel.ids import derived, touchpoint_id
from shared.kernel.instant import SECOND, Instant
from tests.bench.events import page_view

_BUYERS = 2_000
_DEAL_EVERY = 200
_SOURCE = "web"


def records(name: str, count: int, since: Instant) -> Iterator[Outgoing]:
    """So many events from `since` on, a second apart, with their deals; names keep two such runs apart."""
    rng = random.Random(name)
    for number in range(count):
        at = Instant(since + number * SECOND)
        event = _event(f"{name}-{number}", rng, at)
        marks = headers(event.id, "touchpoint.collected", "ingest", at)
        key = (event.anonymous_id or "").encode()
        yield Outgoing(topics.TOUCHPOINTS_COLLECTED.name, key, packed.encode(event), marks)
        if number % _DEAL_EVERY == 0:
            yield _deal(f"{name}-{number}", rng.randrange(_BUYERS), at)


def _event(message_id: str, rng: random.Random, at: Instant) -> CollectedTouchpoint:
    buyer = rng.randrange(_BUYERS)
    view = page_view(buyer, rng)
    what = rng.randrange(100)
    sales = 5 <= what < 10
    demo = 3 <= what < 5
    properties = {"email": _address(buyer)} if demo else {"outcome": "connected"} if sales else view["properties"]
    return CollectedTouchpoint(
        id=touchpoint_id(_SOURCE, message_id),
        source=_SOURCE,
        door="segment",
        trusted=sales,
        received_at=at,
        timestamp=at,
        type="identify" if what < 3 else "track" if what < 10 else "page",
        message_id=message_id,
        anonymous_id=f"browser-{buyer}",
        user_id=f"user-{buyer}" if what < 20 else None,
        name="Demo Requested" if demo else "Call" if sales else None,
        traits=_raw({"email": _address(buyer), "firstName": "Ana"}) if what < 3 else UNSET,
        properties=_raw(properties),
        context=_raw(view["context"]),
    )


def _deal(name: str, buyer: int, at: Instant) -> Outgoing:
    deal = CollectedDeal(
        event_id=derived("deal", name),
        id=f"deal-{name}",
        version=1,
        source=_SOURCE,
        received_at=at,
        status="won",
        amount_minor=1_200_000,
        currency="EUR",
        created_at=at,
        occurred_at=at,
        closed_at=at,
        contacts=(DealContact(email=_address(buyer)),),
    )
    marks = headers(deal.event_id, "deal.collected", "ingest", at)
    return Outgoing(topics.DEALS_COLLECTED.name, deal.id.encode(), packed.encode(deal), marks)


def _address(buyer: int) -> str:
    return f"buyer{buyer}@company{buyer % 500}.example"


def _raw(value: object) -> Raw:
    return Raw(json.dumps(value).encode())
