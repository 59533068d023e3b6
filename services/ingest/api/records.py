"""What the doors put on the log: one record for each thing taken or refused.

What is the same for all records of a request is made once for it.
"""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b

from msgspec import Struct
from msgspec.json import Encoder

from services.ingest.handlers.accept_touchpoints import Accepted
from shared.contracts import envelope
from shared.contracts.deals import CollectedDeal
from shared.contracts.spend import CollectedSpend
from shared.contracts.topics import (
    ALIASES_COLLECTED,
    DEALS_COLLECTED,
    SPEND_COLLECTED,
    TOUCHPOINTS_COLLECTED,
    TOUCHPOINTS_REJECTED,
)
from shared.contracts.touchpoints import RejectedTouchpoint
from shared.kernel.instant import Instant
from shared.kernel.remembered import Remembered
from shared.log.ports import Outgoing

Keyed = Mapping[str, bytes]
"""The key of a sender's records, by the name of the sender."""

_KEY_BYTES = 6
"""As many as keep order among senders: a key names nobody, and its hash to a partition is dear by the byte."""
_REMEMBERED = 65_536
_TOUCHPOINTS, _ALIASES = TOUCHPOINTS_COLLECTED.name, ALIASES_COLLECTED.name
_encode_into = Encoder().encode_into
_value = bytearray()
"""The value being encoded: a buffer for each would grow a few times and then be cut to size."""


def keyed(secret: bytes) -> Keyed:
    """Keys that keep a sender's records in order and do not tell who it is."""

    def key(subject: str) -> bytes:
        return urlsafe_b64encode(blake2b(subject.encode(), key=secret, digest_size=_KEY_BYTES).digest())

    return Remembered(key, _REMEMBERED)


class Records:
    """The records of one request."""

    def __init__(self, source: str, at: int, key: Keyed) -> None:
        self._source = source
        self._at = Instant(at)
        self._key = key
        self._collected = _constant("touchpoint.collected", source, self._at)

    def collected(self, accepted: Accepted) -> Outgoing:
        """The record of a touchpoint."""
        touchpoint = accepted.touchpoint
        event_id = touchpoint.id
        key = self._key[accepted.subject or event_id]
        if touchpoint.type == "alias":
            headers = envelope.headers(event_id, "alias.collected", self._source, self._at)
            return Outgoing(_ALIASES, key, _encoded(touchpoint), headers)
        _encode_into(touchpoint, _value)
        return Outgoing(_TOUCHPOINTS, key, bytes(_value), (*self._collected, ("ce_id", event_id.encode())))

    def rejected(self, rejected: RejectedTouchpoint) -> Outgoing:
        """The record of what was refused; any partition will do."""
        return self._record(TOUCHPOINTS_REJECTED.name, rejected.id, rejected.id, "touchpoint.rejected", rejected)

    def deal(self, deal: CollectedDeal) -> Outgoing:
        """The record of one version of a deal."""
        return self._record(DEALS_COLLECTED.name, deal.id, deal.event_id, "deal.collected", deal)

    def spend(self, spend: CollectedSpend) -> Outgoing:
        """The record of one version of a day's spend."""
        return self._record(SPEND_COLLECTED.name, spend.id, spend.event_id, "spend.collected", spend)

    def _record(self, topic: str, key: str, event_id: str, event_type: str, data: Struct) -> Outgoing:
        headers = envelope.headers(event_id, event_type, self._source, self._at)
        return Outgoing(topic, key.encode(), _encoded(data), headers)


def _encoded(data: Struct) -> bytes:
    _encode_into(data, _value)
    return bytes(_value)


@lru_cache(maxsize=64)
def _constant(event_type: str, source: str, at: Instant) -> tuple[tuple[str, bytes], ...]:
    """The headers that events of one source and one millisecond share; busy doors have many of those."""
    return tuple([pair for pair in envelope.headers("", event_type, source, at) if pair[0] != "ce_id"])
