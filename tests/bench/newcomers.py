"""What lies on the log when many are new: of three events one names somebody by an identifier nobody has seen before.

Seeded. Half of the new ones are visitors, the others give an address or come with another browser.
"""

import json
import random
from collections.abc import Iterator

from msgspec import UNSET, Raw
from msgspec import json as packed

from shared.contracts import topics
from shared.contracts.envelope import headers
from shared.contracts.records import Outgoing
from shared.contracts.touchpoints import CollectedTouchpoint
from shared.kernel.ids import touchpoint_id
from shared.kernel.instant import SECOND, Instant
from tests.bench.events import page_view

_KNOWN = 2_000
_NEW_EVERY = 3
_SOURCE = "web"


def newcomers(name: str, count: int, since: Instant) -> Iterator[Outgoing]:
    """So many events from `since` on, a second apart; names keep two such runs apart."""
    rng = random.Random(name)
    for number in range(count):
        at = Instant(since + number * SECOND)
        event = _event(f"{name}-{number}", rng, at, new=number % _NEW_EVERY == 0)
        marks = headers(event.id, "touchpoint.collected", "ingest", at)
        key = (event.anonymous_id or "").encode()
        yield Outgoing(topics.TOUCHPOINTS_COLLECTED.name, key, packed.encode(event), marks)


def _event(message_id: str, rng: random.Random, at: Instant, *, new: bool) -> CollectedTouchpoint:
    buyer = rng.randrange(_KNOWN)
    view = page_view(buyer, rng)
    what = rng.choice(("visitor", "visitor", "address", "browser")) if new else "known"
    browser = f"browser-{buyer}" if what in ("known", "address") else f"browser-{message_id}"
    return CollectedTouchpoint(
        id=touchpoint_id(_SOURCE, message_id),
        source=_SOURCE,
        door="segment",
        trusted=what == "browser",
        received_at=at,
        timestamp=at,
        type="identify" if what in ("address", "browser") else "page",
        message_id=message_id,
        anonymous_id=browser,
        user_id=f"user-{buyer}" if what in ("address", "browser") else None,
        traits=_raw({"email": f"{message_id}@gmail.com"}) if what == "address" else UNSET,
        properties=_raw(view["properties"]),
        context=_raw(view["context"]),
    )


def _raw(value: object) -> Raw:
    return Raw(json.dumps(value).encode())
