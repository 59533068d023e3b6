"""Records that cannot be worked, or not be sent: kept whole with the reason, in the transaction that moves past them.

What was read from a topic also leaves for one of dead letters, untouched but for headers that say why. The reason
names the class of the error, never its text: that may hold what was sent.
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


_NOWHERE = (-1, -1)


async def keep(
    work: Work, group: str, record: Outgoing, reason: str, now: Instant, *, place: tuple[int, int] = _NOWHERE
) -> None:
    """Keep a record as a dead letter, and publish nothing. What no topic would take has no `place` in one."""
    packed = msgpack.encode(record.headers)
    await work.write(_ADD, [(group, record.topic, *place, record.key, record.value, packed, reason, now)])


async def set_aside(work: Work, group: str, record: Record, reason: str, now: Instant) -> None:
    """Keep a record as a dead letter and publish it on `TOPIC.GROUP.dead`."""
    topic, number = record.partition
    as_sent = Outgoing(topic, record.key, record.value, record.headers)
    await keep(work, group, as_sent, reason, now, place=(number, record.offset))
    why = {
        "x-dlq-reason": reason,
        "x-dlq-topic": topic,
        "x-dlq-partition": str(number),
        "x-dlq-offset": str(record.offset),
    }
    headers = (*record.headers, *((name, text.encode()) for name, text in why.items()))
    await outbox.add(work, [Outgoing(dead_topic(topic, group), record.key, record.value, headers)])
