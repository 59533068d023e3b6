"""The doors that speak Segment's protocol, as a raw ASGI app in front of the others.

Promises: no database, no framework, and no answer before the log has the events; a bad event in a good batch
is refused alone. Leaves out: what the events mean, and everything that is not a tracking call.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from msgspec import Struct

from services.ingest.api import answers, decoding, fitting
from services.ingest.api.answers import Refused
from services.ingest.api.decoding import Document
from services.ingest.api.door_keys import DoorKey
from services.ingest.api.doorway import Doorway, Steps, Taking, Visit, at_once, taking
from services.ingest.api.records import Records, keyed
from services.ingest.api.requests import Receive, Request, Scope, Send
from services.ingest.domain.claimed_time import claimed
from services.ingest.handlers.accept_touchpoints import Accepted, Arrival, Fit, accept, accept_fit, refuse
from services.ingest.handlers.refused_ids import readable_id
from shared.contracts.touchpoints import CallType
from shared.kernel.errors import Reject
from shared.web.direct import Respond, Whole

_CALLS: dict[str, CallType] = {
    "t": "track", "i": "identify", "p": "page", "s": "screen", "g": "group", "a": "alias",
}  # fmt: skip
_BATCHES = ("/v1/batch", "/v1/b", "/v1/import")
_SIGNALS = ((b"sec-gpc", b"1", "gpc"), (b"dnt", b"1", "dnt"), (b"sec-purpose", b"prefetch", "prefetch"))
"""What a browser says in headers that nobody after this door can see."""
_SIGNAL_NAMES = frozenset(name for name, _, _ in _SIGNALS)


class Loose(Struct, frozen=True, gc=False):
    """A call that may not keep to the spec: its plain values, its text, and the document that it stands in."""

    words: Any
    text: bytes
    read: Document


class Collector:
    """POST /v1/{track,identify,page,screen,group,alias,batch,import} and the one-letter forms.

    `paths` are the ones it answers: whoever dispatches looks there first.
    """

    def __init__(self, doorway: Doorway, hmac_secret: bytes) -> None:
        self._doorway = doorway
        self._key = keyed(hmac_secret)
        self._takes: dict[str, Callable[[bytes, Visit], Steps]] = dict.fromkeys(_BATCHES, self._take_batch)
        for letter, named in _CALLS.items():
            self._takes |= dict.fromkeys((f"/v1/{letter}", f"/v1/{named}"), partial(self._take_call, named))
        self.paths = frozenset(self._takes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request to one of `paths`."""
        take = self._takes[scope["path"]]
        await self._doorway.serve(scope, receive, send, lambda body, visit: at_once(take(body, visit)))

    def answer(self, request: Whole, respond: Respond) -> Iterator[None]:
        """Steps to the answer to a POST to one of `paths` that came whole, which `respond` is called with."""
        return self._doorway.answer(request, self._takes[request.path], respond)

    def _take_call(self, named: CallType, body: bytes, visit: Visit) -> Steps:
        limits = self._doorway.limits
        call: Fit | Loose
        if (fit := fitting.one(body, limits)) is not None:
            call, write_keys = fit
            key = visit.admit(*write_keys)
        else:
            read = decoding.document(body, limits)
            call = Loose(read.words, read.text, read)
            key = visit.admit(read.words.get("writeKey"))
        yield
        arrival = self._arrival(key, visit.request, None)
        try:
            accepted = self._accepted(call, arrival, named)
        except Reject as reason:
            if reason.code == "duplicate_key":
                raise
            refused = [Refused(0, _readable_id(call), reason)]
            rejected = refuse(body.decode(errors="replace"), reason, arrival, refused[0].message_id)
            return taking([self._records(arrival).rejected(rejected)], 0, refused, "")
        yield
        return Taking([self._records(arrival).collected(accepted)], 200, answers.SUCCESS, accepted=1)

    def _take_batch(self, body: bytes, visit: Visit) -> Steps:
        yield  # it is long: single calls that came with it go first
        limits = self._doorway.limits
        if (fit := fitting.batch(body, limits)) is not None:
            key = visit.admit(*fit.write_keys)
            return self._take_calls(fit.calls, self._arrival(key, visit.request, fit.sent_at))
        read = decoding.document(body, limits, "batch")
        items, texts = decoding.batch(read, limits)
        decoding.refuse_doubled_beside(read, items)
        in_items = [item["writeKey"] for item in items if isinstance(item, dict) and "writeKey" in item]
        key = visit.admit(read.words.get("writeKey"), *in_items)
        loose = [Loose(words, text, read) for words, text in zip(items, texts, strict=True)]
        return self._take_calls(loose, self._arrival(key, visit.request, read.words.get("sentAt")))

    def _take_calls(self, sent: Sequence[Fit | Loose], arrival: Arrival) -> Taking:
        records = self._records(arrival)
        taken: dict[str, Accepted] = {}
        outgoing, refused = [], []
        for place, call in enumerate(sent):
            try:
                one = self._accepted(call, arrival)
            except Reject as reason:
                refused.append(Refused(place, message_id := _readable_id(call), reason))
                text = call.text.decode(errors="replace")
                outgoing.append(records.rejected(refuse(text, reason, arrival, message_id)))
            else:
                # The first of two calls with one id holds. They could have different keys: the log would not say.
                taken.setdefault(one.touchpoint.id, one)
        outgoing += map(records.collected, taken.values())
        return taking(outgoing, len(sent) - len(refused), refused, "batch")

    def _records(self, arrival: Arrival) -> Records:
        return Records(arrival.source, arrival.received_at, self._key)

    def _accepted(self, call: Fit | Loose, arrival: Arrival, named: CallType | None = None) -> Accepted:
        if isinstance(call, Fit):
            return accept_fit(call, arrival, named)
        return accept(decoding.call(call.words, call.text, call.read, self._doorway.limits), arrival, named)

    def _arrival(self, key: DoorKey, request: Request, sent_at: object) -> Arrival:
        headers = request.headers
        return Arrival(
            key.source,
            "segment",
            key.trusted,
            self._doorway.now(),
            self._doorway.draw_id,
            None if sent_at is None else claimed(sent_at),
            () if _SIGNAL_NAMES.isdisjoint(headers) else _signals(headers),
        )


def _signals(headers: Mapping[bytes, bytes]) -> tuple[str, ...]:
    # A purpose may say more behind a semicolon: `prefetch;prerender`.
    return tuple([flag for name, value, flag in _SIGNALS if headers.get(name, b"").partition(b";")[0] == value])


def _readable_id(call: Fit | Loose) -> str | None:
    """The message id to answer with; none where it is the reason itself, for what was sent is not repeated."""
    if isinstance(call, Fit):
        return call.said.message_id or None
    return readable_id(call.words.get("messageId")) if isinstance(call.words, dict) else None
