"""What leaves: written in the transaction that decided it, sent by the relay, deleted once the log has it.

The relay reads the rows that exist, never "ids greater than the last": ids are drawn before they commit.
"""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from msgspec import msgpack
from sqlalchemy import Row, bindparam, delete, func, not_, select

from shared.contracts.envelope import Emit, encode, full_type
from shared.contracts.records import Outgoing
from shared.db.dialect import Upsert, among_given
from shared.db.spine import OUTBOX
from shared.db.work import Reader, Work

_ADD = Upsert(OUTBOX, columns=("topic", "key", "value", "headers"))
_OLDEST = select(OUTBOX).order_by(OUTBOX.c.id).limit(bindparam("most"))
_OLDEST_BUT = _OLDEST.where(not_(among_given(OUTBOX.c.id, "sent")))
_SENT = delete(OUTBOX).where(among_given(OUTBOX.c.id, "ids"))


def outgoing(emit: Emit) -> Outgoing:
    """The record of an event."""
    value, headers = encode(emit.event)
    return Outgoing(emit.topic, emit.key.encode(), value, headers)


async def add(work: Work, records: Sequence[Outgoing]) -> None:
    """Leave records to be sent, in this order."""
    await work.write(_ADD, [(r.topic, r.key, r.value, msgpack.encode(r.headers)) for r in records])


class Waiting(NamedTuple):
    """A record that waits to be sent."""

    id: int
    record: Outgoing


async def waiting(reader: Reader, limit: int, sent: Sequence[int] = ()) -> Sequence[Waiting]:
    """The oldest records, in id order, but for those that were sent already."""
    rows = await (reader.rows(_OLDEST_BUT, most=limit, sent=sent) if sent else reader.rows(_OLDEST, most=limit))
    return [_waiting(row) for row in rows]


def _waiting(row: Row[Any]) -> Waiting:
    headers = tuple([(name, value or b"") for name, value in msgpack.decode(row.headers, type=_Headers)])
    return Waiting(row.id, Outgoing(row.topic, row.key, row.value, headers))


async def sent(work: Work, ids: Sequence[int]) -> None:
    """Delete what the log has acknowledged."""
    if ids:
        await work.execute(_SENT, ids=list(ids))


async def withdraw(work: Work, topic: str, keys: Collection[str], event_type: str) -> Sequence[Outgoing]:
    """Drop events of a type that wait to be sent under some keys; answers them."""
    wanted = select(OUTBOX).where(OUTBOX.c.topic == topic, OUTBOX.c.key.in_([key.encode() for key in sorted(keys)]))
    named = full_type(event_type).encode()
    told = [_waiting(row) for row in await work.rows(wanted)]
    gone = [one for one in told if ("ce_type", named) in one.record.headers]
    await sent(work, [one.id for one in gone])
    return [one.record for one in gone]


async def depth(reader: Reader) -> int:
    """How many records wait."""
    return int(await reader.scalar(select(func.count()).select_from(OUTBOX)))


_Headers = tuple[tuple[str, bytes | None], ...]
"""One that came from Kafka without a value may have been kept so: it leaves with an empty one."""
