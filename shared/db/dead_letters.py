"""Records that cannot be worked: kept whole with the reason, in the transaction that moves past them.

A dead letter also leaves for its own topic, untouched but for headers that say why. The reason names the
class of the error, never its text: that may hold what was sent.
"""

from msgspec import msgpack

from shared.contracts.records import Outgoing, Record
from shared.contracts.topics import dead_topic
from shared.db import outbox
from shared.db.dialect import Upsert
from shared.db.spine import DEAD_LETTERS
from shared.db.work import Work
from shared.kernel.instant import Instant

_ADD = Upsert(
    DEAD_LETTERS,
    columns=("group_name", "topic", "partition", "record_offset", "key", "value", "headers", "reason", "at"),
)


async def set_aside(work: Work, group: str, record: Record, reason: str, now: Instant) -> None:
    """Keep a record as a dead letter and publish it on `TOPIC.GROUP.dead`."""
    topic, number = record.partition
    packed = msgpack.encode(record.headers)
    row = (group, topic, number, record.offset, record.key, record.value, packed, reason, now)
    await work.write(_ADD, [row])
    why = {
        "x-dlq-reason": reason,
        "x-dlq-topic": topic,
        "x-dlq-partition": str(number),
        "x-dlq-offset": str(record.offset),
    }
    headers = (*record.headers, *((name, text.encode()) for name, text in why.items()))
    await outbox.add(work, [Outgoing(dead_topic(topic, group), record.key, record.value, headers)])
