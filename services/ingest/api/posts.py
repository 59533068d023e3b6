"""What back ends post with a server key: `POST /v1/deals`, `POST /v1/spend`, one item or a list of them.

Promises: an item that was answered with 2xx is on the log; a bad one in a list is refused alone. Numbers reach
the rules as the text that was sent, so no amount ever was a float.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.ingest.api import decoding
from services.ingest.api.answers import Refused
from services.ingest.api.doorway import Doorway, Taking, Visit, taking
from services.ingest.api.records import Records, keyed
from services.ingest.api.refusals import Refusal
from services.ingest.api.requests import Receive, Scope, Send
from services.ingest.domain.limits import Limits
from services.ingest.handlers.accept_deals import accept_deal
from services.ingest.handlers.accept_spend import accept_spend
from services.ingest.handlers.accept_touchpoints import Arrival, refuse
from services.ingest.handlers.posted import PostArrival
from shared.kernel.errors import Reject
from shared.log.ports import Outgoing

_NO_CHARACTER: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u(?:0000|ffff)")
"""What is no character, by its number: behind an even number of backslashes, for an odd one is a text of its own."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of item: what one and a list of them are called, and how one becomes a record; raises Reject."""

    one: str
    many: str
    record: Callable[[Mapping[str, Any], PostArrival, Records], Outgoing]


KINDS: Final[Mapping[str, Kind]] = {
    "/v1/deals": Kind("deal", "deals", lambda words, arrival, records: records.deal(accept_deal(words, arrival))),
    "/v1/spend": Kind("spend", "spend", lambda words, arrival, records: records.spend(accept_spend(words, arrival))),
}
"""By path."""


class PostsDoor:
    """A raw ASGI app that answers `paths`."""

    paths = frozenset(KINDS)

    def __init__(self, doorway: Doorway, hmac_secret: bytes) -> None:
        self._doorway = doorway
        self._key = keyed(hmac_secret)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request to one of `paths`."""
        kind = KINDS[scope["path"]]
        await self._doorway.serve(scope, receive, send, lambda body, visit: self._take(body, visit, kind))

    def _take(self, body: bytes, visit: Visit, kind: Kind) -> Taking:
        limits = self._doorway.limits
        key = visit.admit()
        if not key.trusted:
            raise Refusal(403, "not_allowed", f"{kind.many} take a server key")
        items, where = _items(body, limits, kind)
        at = self._doorway.now()
        arrival = Arrival(key.source, "source", True, at, self._doorway.draw_id)
        records = Records(key.source, at, self._key)
        outgoing, refused = [], []
        for place, item in enumerate(items):
            content = json.dumps(item, sort_keys=True, separators=(",", ":"))
            try:
                words = _words(item, content, limits, kind)
                outgoing.append(kind.record(words, PostArrival(key.source, at, content), records))
            except Reject as reason:
                refused.append(Refused(place, None, reason))
                outgoing.append(records.rejected(refuse(content, reason, arrival)))
        return taking(outgoing, len(items) - len(refused), refused, where)


def _items(body: bytes, limits: Limits, kind: Kind) -> tuple[list[Any], str]:
    """The items of a body with numbers as texts, and what the list is called: nothing where it is one item."""
    text = decoding.plain(decoding.stripped(body), limits).text
    read = json.loads(text, parse_float=str, parse_int=str)
    if isinstance(read, dict):
        return [read], ""
    if not isinstance(read, list):
        raise Refusal(400, "not_an_object", f"the body is one JSON object or a list of them: {kind.many}")
    if not read:
        raise Refusal(400, "empty_batch", "the list is empty")
    if len(read) > limits.items:
        raise Refusal(413, "batch_too_long", f"a list holds at most {limits.items} items")
    return read, kind.many


def _words(item: object, content: str, limits: Limits, kind: Kind) -> Mapping[str, Any]:
    if not isinstance(item, dict):
        raise Reject("not_an_object", f"a {kind.one} is a JSON object")
    if len(content) > limits.item_bytes:
        raise Reject("event_too_large", f"a {kind.one} has at most {limits.item_bytes} bytes")
    if _NO_CHARACTER.search(content):
        raise Reject("bad_text", "a text holds what is no character")
    return item
