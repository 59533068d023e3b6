"""How large a record may be: one limit for all drivers, below what a Kafka topic takes in one batch."""

from collections.abc import Iterable

from shared.kernel.errors import Reject
from shared.log.ports import Outgoing

MAX_RECORD_BYTES = 900 * 1024
"""Leaves room in a batch of 1 MiB for Kafka's framing."""


def refuse_oversized(records: Iterable[Outgoing], limit: int) -> None:
    """Raises Reject `event_too_large` where the key, value and headers of one have over `limit` bytes together."""
    for record in records:
        size = len(record.key) + len(record.value)
        for name, text in record.headers:
            size += len(name) + len(text)
        if size > limit:
            raise Reject("event_too_large", f"a record may have {limit} bytes, with its key and headers", record.topic)
