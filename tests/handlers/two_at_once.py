"""Two workers, each with an event of its own, in transactions that are open at the same time on one PostgreSQL."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from shared.contracts.envelope import Emit
from shared.contracts.records import Outgoing
from shared.db import outbox
from shared.db.engine import Database
from shared.db.work import Work
from shared.kernel.instant import Instant
from shared.kernel.keys import Key
from shared.log.memory import MemoryLog
from shared.runtime.consume import Consumer, Guards
from shared.runtime.session import Consuming, Session

S = TypeVar("S", bound=Session)
_SECONDS = 20
_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


async def two_at_once(
    database: Database, service: Consuming[S], now: Callable[[], Instant], first: Emit, second: Emit
) -> None:
    """The worker of `first` commits first, and not before the other has read all that it goes by, or waits for a lock.
    Raises TryLater where they stand in each other's way for ever."""
    written, read, committed = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def leave_late(work: Work, records: Sequence[Outgoing]) -> None:
        await outbox.add(work, records)
        written.set()
        while not (read.is_set() or await somebody_waits(database)):
            continue

    async def open_early(work: Work, keys: frozenset[Key], at: Instant) -> S:
        session = await service.open(work, keys, at)
        read.set()
        await committed.wait()
        return session

    async def follow() -> None:
        following = await _worker(database, replace(service, group="second", open=open_early), now, second)
        await written.wait()
        await following.turn(0)

    async with asyncio.timeout(_SECONDS), asyncio.TaskGroup() as at_once:
        at_once.create_task(follow())
        leading = await _worker(database, replace(service, group="first"), now, first, Guards(leave=leave_late))
        await leading.turn(0)
        committed.set()


async def _worker(
    database: Database,
    service: Consuming[S],
    now: Callable[[], Instant],
    event: Emit,
    guards: Guards | None = None,
) -> Consumer[S]:
    log = MemoryLog(now=now)
    await log.start({topic.name: 1 for topic in service.topics})
    await log.publish([outbox.outgoing(event)])
    return Consumer(log, database, service, now=now, guards=guards or Guards())


async def somebody_waits(database: Database) -> bool:
    """Whether a transaction waits for what another one holds."""
    async with database.read() as reader:
        return bool(await reader.scalar(_WAITING))
