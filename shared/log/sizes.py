"""How large a record may be: one limit for all drivers, below what a Kafka topic takes in one batch."""

from collections.abc import Iterable
from itertools import chain

from shared.kernel.errors import Reject
from shared.log.ports import Outgoing

MAX_RECORD_BYTES = 900 * 1024
"""Leaves room in a batch of 1 MiB for Kafka's framing."""


def size_of(record: Outgoing) -> int:
    """The bytes a record carries: key, value and headers."""
    return len(record.key) + len(record.value) + sum(map(len, chain.from_iterable(record.headers)))


def refuse_oversized(records: Iterable[Outgoing], limit: int) -> None:
    """Raises Reject `event_too_large` where one record is over `limit`, before any is written."""
    for record in records:
        if size_of(record) > limit:
            raise Reject("event_too_large", f"a record may have {limit} bytes, with its key and headers", record.topic)
