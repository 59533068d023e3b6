"""Two real processes a service on one PostgreSQL, killed at any time, come to what one alone comes to.

Merges and deals race touches; some partitions have one owner, some two. Without the outbox they do not.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random

import pytest
from sqlalchemy import func, select

from services.ingest.store.tables import TOUCHPOINTS
from services.ingest.wiring import MIGRATIONS as INGEST_MIGRATIONS
from services.scoring.store.tables import TOUCHES
from services.scoring.wiring import MIGRATIONS as SCORING_MIGRATIONS
from shared.contracts import topics
from shared.contracts.deals import CollectedDeal
from shared.contracts.envelope import Event, encode
from shared.contracts.records import Outgoing
from shared.db import outbox, positions
from shared.db.engine import open_database
from shared.db.migrate import migrate
from shared.db.people import roots_of
from shared.db.spine import DEAD_LETTERS
from shared.testing.table_log import SCHEMA, TableLog
from tests.handlers.ingest.resolver import NOW, Collected, belongings
from tests.simulation_postgres.process import PARTITIONS, RESOLVING, SCORING
from tests.simulation_postgres.story import Belongings, expected, of_seed, story

SEEDS = range(1, 51)
SECONDS = 100.0
_ALONE, _SHARED = ("0,1", "2,3"), "0,1,2,3"
_PLACES = ("before_commit", "after_commit", "after_relay_publish")


def record(collected: Collected) -> Outgoing:
    """An event as its door publishes it, but on any partition: that is where races come from."""
    of, topic = ("touchpoint.collected", topics.TOUCHPOINTS_COLLECTED)
    event_id = collected.event_id if isinstance(collected, CollectedDeal) else collected.id
    if isinstance(collected, CollectedDeal):
        of, topic = ("deal.collected", topics.DEALS_COLLECTED)
    return Outgoing(topic.name, event_id.encode(), *encode(Event(event_id, of, "door", NOW, collected)))


class Cluster:
    """Two processes that share a database, and what they have made of it."""

    def __init__(self, url: str, without: str) -> None:
        self._url = url
        self._without = without
        self._running: dict[int, asyncio.subprocess.Process] = {}
        self.databases = {name: open_database(url, name) for name in ("ingest", "scoring", SCHEMA)}
        self.log = TableLog(self.databases[SCHEMA], PARTITIONS, frozenset())

    async def start(self, place: int, share: str, crash_at: str = "") -> None:
        """Start the process of one of the two places; it may be told where to die by itself."""
        command = (sys.executable, "-m", "tests.simulation_postgres.process", self._url, share, self._without)
        quiet = asyncio.subprocess.DEVNULL
        environment = {**os.environ, "THROUGHLINE_CRASH_AT": crash_at}
        process = await asyncio.create_subprocess_exec(*command, stdout=quiet, stderr=quiet, env=environment)
        self._running[place] = process

    async def kill(self, place: int) -> None:
        """End it as a power cut would."""
        process = self._running[place]
        if process.returncode is None:
            process.kill()
        await process.wait()

    async def tend(self) -> None:
        """Start again what has died."""
        for place, process in list(self._running.items()):
            if process.returncode is not None:
                await self.start(place, _ALONE[place])

    async def close(self) -> None:
        """End everything."""
        for place in self._running:
            await self.kill(place)
        for database in self.databases.values():
            await database.close()

    async def quiet(self) -> bool:
        """Whether all that was said is worked, and all that is decided is sent."""
        for service in (RESOLVING, SCORING):
            ends = await self.log.bounds(topic.name for topic in service.topics)
            async with self.databases[service.group].read() as reader:
                stands = await positions.standing(reader, service.group)
                if await outbox.depth(reader) or any(
                    end.end and (p not in stands or stands[p].next_offset != end.end) for p, end in ends.items()
                ):
                    return False
        return True

    async def settled(self) -> bool:
        """Wait until it is quiet; False where it never is."""
        try:
            async with asyncio.timeout(SECONDS):
                while not await self.quiet():
                    await self.tend()
        except TimeoutError:
            return False
        return True

    async def on_record(self, service: str) -> Belongings:
        """The touchpoints of each person, as a service has them."""
        table, owner = (TOUCHPOINTS, TOUCHPOINTS.c.person) if service == "ingest" else (TOUCHES, TOUCHES.c.owner)
        async with self.databases[service].read() as reader:
            rows = await reader.rows(select(table.c.id, owner.label("owner")))
            roots = await roots_of(reader, {row.owner for row in rows if row.owner})
        return belongings((row.id, roots[row.owner]) for row in rows if row.owner)

    async def dead(self) -> int:
        """How many records could not be worked."""
        counts = []
        for name in ("ingest", "scoring"):
            async with self.databases[name].read() as reader:
                counts.append(await reader.scalar(select(func.count()).select_from(DEAD_LETTERS)))
        return sum(counts)


@asynccontextmanager
async def cluster(url: str, without: str = "") -> AsyncIterator[Cluster]:
    """A cluster on an empty database, with both processes up."""
    async with AsyncExitStack() as stack:
        made = Cluster(url, without)
        stack.push_async_callback(made.close)
        await made.log.start({})
        await migrate(made.databases["ingest"], INGEST_MIGRATIONS)
        await migrate(made.databases["scoring"], SCORING_MIGRATIONS)
        for place in (0, 1):
            await made.start(place, _ALONE[place])
        yield made


def rounds(chance: Random) -> list[list[Outgoing]]:
    """What is published at once: at first somebody new each time, then much about people who are known by now."""
    beginnings: list[list[Outgoing]] = []
    rest: list[Outgoing] = []
    for seed in SEEDS:
        events = story(seed)
        said = [record(event) for event in [*chance.sample(events, len(events)), *chance.sample(events, 4)]]
        beginnings.append(said[:8])
        rest += said[8:]
    return [*beginnings, *(rest[start : start + 16] for start in range(0, len(rest), 16))]


async def wrong_seeds(url: str, without: str = "", kills: float = 0.3) -> set[int]:
    """The seeds whose people are not, in the end, those that one process makes of the same story."""
    chance = Random(len(without))
    async with cluster(url, without) as running:
        for said in rounds(chance):
            await running.log.publish(said)
            await running.tend()
            if chance.random() < kills:
                place = chance.randrange(2)
                await running.kill(place)
                crash_at = f"{chance.choice(_PLACES)}:{chance.randrange(1, 6)}"
                await running.start(place, chance.choice((_ALONE[place], _SHARED)), crash_at)
        if not await running.settled() or await running.dead():
            return set(SEEDS)
        right = await expected(SEEDS)
        found = [await running.on_record(service) for service in ("ingest", "scoring")]
    return {seed for seed in SEEDS for one in found if of_seed(seed, one) != right[seed]}


@pytest.mark.slow
async def test_two_processes_that_are_killed_at_any_time_come_to_what_one_alone_comes_to(postgres_url: str) -> None:
    assert await wrong_seeds(postgres_url) == set()


@pytest.mark.slow
async def test_they_do_not_where_what_leaves_is_not_committed_with_what_decided_it(postgres_url: str) -> None:
    assert await wrong_seeds(postgres_url, "outbox") != set()
