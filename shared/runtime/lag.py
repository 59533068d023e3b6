"""How far a service is from having done everything: answered from the store for the whole group (state.md 11)."""

from collections.abc import Awaitable, Callable

from shared.db import outbox, positions
from shared.db.engine import Database
from shared.db.work import Reader
from shared.log.ports import Log
from shared.observe.lag import Deliveries, Lag, PartitionLag

Undone = Callable[[Reader], Awaitable[int]]
Sending = Callable[[Reader], Awaitable[Deliveries]]


async def _nothing(_reader: Reader) -> int:
    return 0


async def _no_deliveries(_reader: Reader) -> Deliveries:
    return Deliveries()


async def lag(
    log: Log,
    database: Database,
    group: str,
    topics: tuple[str, ...],
    *,
    undone: Undone = _nothing,
    sending: Sending = _no_deliveries,
) -> Lag:
    """What the group of a service has before it. Ends are read first, so it never says done too early."""
    bounds = await log.bounds(topics)
    async with database.read() as reader:
        stands = await positions.standing(reader, group)
        waiting = await outbox.depth(reader)
        work = await undone(reader)
        deliveries = await sending(reader)
    rows = [
        PartitionLag(
            partition.topic,
            partition.number,
            stands[partition].next_offset if partition in stands else held.first,
            held.end,
        )
        for partition, held in sorted(bounds.items())
    ]
    return Lag(rows, waiting, work, deliveries)
