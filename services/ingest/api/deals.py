"""POST /v1/deals: one deal or a list of them, with a server key.

Promises: a version that was answered with 2xx is on the log; a bad deal in a list is refused alone. Numbers
reach the rules as the text that was sent, so no amount ever was a float.
"""

import json
from collections.abc import Callable
from typing import Any

from services.ingest.api import answers, decoding
from services.ingest.api.answers import Refused
from services.ingest.api.door_keys import DoorKeys
from services.ingest.api.doorway import Doorway, Taking, Visit
from services.ingest.api.records import Records, keyed
from services.ingest.api.refusals import Refusal
from services.ingest.api.requests import Receive, Scope, Send
from services.ingest.domain.limits import Limits
from services.ingest.handlers.accept_deals import DealArrival, accept_deal
from services.ingest.handlers.accept_touchpoints import Arrival, refuse
from shared.contracts.deals import CollectedDeal
from shared.kernel.errors import Reject
from shared.log.ports import Publisher


class DealsDoor:
    """A raw ASGI app that answers `paths`."""

    paths = frozenset(("/v1/deals",))

    def __init__(
        self,
        log: Publisher,
        keys: DoorKeys,
        hmac_secret: bytes,
        now: Callable[[], int],
        draw_id: Callable[[], str],
        limits: Limits | None = None,
    ) -> None:
        self._doorway = Doorway(log, keys, now, draw_id, limits or Limits())
        self._key = keyed(hmac_secret)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request to one of `paths`."""
        await self._doorway.serve(scope, receive, send, self._take)

    def _take(self, body: bytes, visit: Visit) -> Taking:
        limits = self._doorway.limits
        key = visit.admit()
        if not key.trusted:
            raise Refusal(403, "not_allowed", "deals take a server key")
        deals, where = _deals(body, limits)
        at = self._doorway.now()
        arrival = Arrival(key.source, "source", True, at, self._doorway.draw_id)
        records = Records(key.source, at, self._key)
        outgoing, refused = [], []
        for place, deal in enumerate(deals):
            content = json.dumps(deal, sort_keys=True, separators=(",", ":"))
            try:
                outgoing.append(records.deal(_deal(deal, content, arrival, limits)))
            except Reject as reason:
                refused.append(Refused(place, None, reason))
                outgoing.append(records.rejected(refuse(content, reason, arrival)))
        return Taking(outgoing, *answers.taken(len(deals) - len(refused), refused, where))


def _deals(body: bytes, limits: Limits) -> tuple[list[Any], str]:
    """The deals of a body with numbers as texts, and what the list is called: nothing where it is one deal."""
    text = decoding.plain(decoding.stripped(body), limits).text
    read = json.loads(text, parse_float=str, parse_int=str)
    if isinstance(read, dict):
        return [read], ""
    if not isinstance(read, list):
        raise Refusal(400, "not_an_object", "the body is a deal or a list of deals")
    if not read:
        raise Refusal(400, "empty_batch", "the list is empty")
    if len(read) > limits.items:
        raise Refusal(413, "batch_too_long", f"a list holds at most {limits.items} deals")
    return read, "deals"


def _deal(deal: object, content: str, arrival: Arrival, limits: Limits) -> CollectedDeal:
    if not isinstance(deal, dict):
        raise Reject("not_an_object", "a deal is a JSON object")
    if len(content) > limits.item_bytes:
        raise Reject("event_too_large", f"a deal has at most {limits.item_bytes} bytes")
    if "\\uffff" in content or "\\u0000" in content:
        raise Reject("bad_text", "a text holds what is no character")
    return accept_deal(deal, DealArrival(arrival.source, arrival.received_at, content))
