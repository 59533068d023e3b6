"""What one real process of a simulation does: loops and relays of some services, on a PostgreSQL others use too.

It works until it is killed, and may be told to do without one guard: `locks`, `compare-and-set`, `inbox`, `outbox`.
Every commit comes a short random while after what it is to commit was read, so that transactions overlap.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sqlalchemy import Row, Select, update

from shared.contracts.records import Outgoing
from shared.db import outbox, positions, seen
from shared.db.engine import Database, open_database
from shared.db.positions import Move
from shared.db.seen import SeenId
from shared.db.spine import LOG_POSITIONS
from shared.db.work import Reader, Work
from shared.runtime.consume import Consumer, Guards
from shared.runtime.relay import Relay
from shared.runtime.session import Consuming
from shared.testing.table_log import SCHEMA, TableLog
from tests.simulation.sales import Part
from tests.simulation_postgres.pauses import NOW, pause

PARTITIONS = 4
_LONGEST_PAUSE_SECONDS = 0.015
_Leave = Callable[[Work, Sequence[Outgoing]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Cast:
    """The services of a simulation."""

    module: str
    """What a process runs."""
    services: tuple[Consuming[Any], ...]
    """Each has its store in a schema of its group's name."""
    prepare: Callable[[Database], Awaitable[None]]
    """Makes the tables of a service."""
    shares: tuple[Sequence[str], Sequence[str]]
    """Which partitions the first and the second process may read, to choose from."""
    dies_at: Sequence[str]
    """The places where a process may die by itself, to choose from."""
    beside: Mapping[str, "Beside"] = field(default_factory=dict)
    """By service, what its process does beside its loop and its relay."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What a process of a service does beside its loop and its relay."""

    part: Callable[[Database, "Orders"], Part]
    left: Callable[[Reader], Awaitable[int]]
    """How much of it is to be done yet."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What a process is told on its command line: `URL SHARE MOST SEED [WITHOUT]`."""

    url: str
    share: frozenset[int]
    most: int
    """How many records it polls at once."""
    chance: Random
    without: str = ""

    @classmethod
    def of(cls, arguments: Sequence[str]) -> "Orders":
        """The orders on a command line."""
        url, share, most, seed, *without = arguments
        return cls(url, frozenset(map(int, share.split(","))), int(most), Random(int(seed)), *without)


async def work(cast: Cast, orders: Orders) -> None:
    """Work until killed."""
    log = TableLog(open_database(orders.url, SCHEMA), PARTITIONS, orders.share, orders.most)
    stopping = asyncio.Event()
    if orders.without == "locks":
        Work.locked = _unlocked  # type: ignore[method-assign, assignment]  # the guard that is taken away
    async with asyncio.TaskGroup() as parts:
        for service in cast.services:
            database = open_database(orders.url, service.group)
            consumer: Consumer[Any] = Consumer(log, database, service, now=lambda: NOW, guards=_guards(log, orders))
            parts.create_task(consumer.run(stopping))
            parts.create_task(Relay(log, database).run(stopping))
            if (beside := cast.beside.get(service.group)) is not None:
                parts.create_task(beside.part(database, orders)(stopping))


def _guards(log: TableLog, orders: Orders) -> Guards:
    async def publish_at_once(_work: Work, records: Sequence[Outgoing]) -> None:
        if records:
            await log.publish(records)

    return Guards(
        advance=_plain_update if orders.without == "compare-and-set" else positions.advance,
        unseen=_all_is_new if orders.without == "inbox" else seen.unseen,
        leave=_hesitating(publish_at_once if orders.without == "outbox" else outbox.add, orders.chance),
    )


def _hesitating(leave: _Leave, chance: Random) -> _Leave:
    async def hesitate(work: Work, records: Sequence[Outgoing]) -> None:
        await leave(work, records)
        await pause(chance.uniform(0.0, _LONGEST_PAUSE_SECONDS))

    return hesitate


async def _plain_update(work: Work, group: str, moves: Sequence[Move]) -> None:
    for (topic, number), _, reached in sorted(moves):
        here = (LOG_POSITIONS.c.topic == topic) & (LOG_POSITIONS.c.partition == number)
        ours = here & (LOG_POSITIONS.c.group_name == group)
        await work.execute(update(LOG_POSITIONS).where(ours).values(next_offset=reached))


async def _all_is_new(_work: Work, events: Sequence[SeenId]) -> set[str]:
    return {event_id for event_id, _ in events}


async def _unlocked(
    work: Work, wanted: Select[Any], *, shared: bool = False, free: bool = False, **given: Any
) -> Sequence[Row[Any]]:
    """What stands in for the one place that locks rows: they are read, and nobody waits for anybody."""
    del shared, free
    return await work.rows(wanted, **given)
