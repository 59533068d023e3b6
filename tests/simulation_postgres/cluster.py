"""Two real processes that share a PostgreSQL: started, told things, killed at any time, and waited for."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random

from sqlalchemy import func, select

from shared.contracts.records import Outgoing
from shared.db import outbox, positions
from shared.db.engine import open_database
from shared.db.spine import DEAD_LETTERS
from shared.testing.table_log import SCHEMA, TableLog
from tests.simulation_postgres.pauses import pause
from tests.simulation_postgres.process import PARTITIONS, Cast

SEEDS = range(1, 51)
WAVES = [SEEDS[start : start + 10] for start in range(0, len(SEEDS), 10)]
"""The seeds of a wave are told at once; a run ends with the first wave that ends wrong."""
_SECONDS = 90.0
_STUCK_SECONDS = 20.0
"""Who is not done after so long ends as a power cut would end them. Without compare-and-set a position can be set
back behind both owners' backs: it stays there until somebody begins anew, and then what lies between counts twice."""
_LOOK_SECONDS = 0.02


class Cluster:
    """Two processes of one cast, and what they work on."""

    def __init__(self, url: str, cast: Cast, without: str, chance: Random) -> None:
        self._url = url
        self._cast = cast
        self._without = without
        self._chance = chance
        self._deaths = 0
        self._running: dict[int, asyncio.subprocess.Process] = {}
        self.databases = {service.group: open_database(url, service.group) for service in cast.services}
        self.log = TableLog(open_database(url, SCHEMA), PARTITIONS, frozenset())

    async def prepare(self) -> None:
        """Make the log and all tables, and start both processes."""
        await self.log.start({})
        for database in self.databases.values():
            await self._cast.prepare(database)
        for place in (0, 1):
            await self._start(place, self._cast.shares[place][0])

    async def _start(self, place: int, share: str, crash_at: str = "") -> None:
        most, seed = self._chance.randrange(3, 10), self._chance.randrange(1_000_000)
        orders = (self._url, share, str(most), str(seed), self._without)
        quiet = asyncio.subprocess.DEVNULL
        self._running[place] = await asyncio.create_subprocess_exec(
            sys.executable, "-m", self._cast.module, *orders,
            stdout=quiet, stderr=quiet, env={**os.environ, "THROUGHLINE_CRASH_AT": crash_at},
        )  # fmt: skip

    async def _kill(self, place: int) -> None:
        process = self._running[place]
        if process.returncode is None:
            process.kill()
        await process.wait()

    async def _cut_power(self) -> None:
        for place in (0, 1):
            await self._kill(place)

    async def _tend(self) -> None:
        """Start again what has died; while there is more to be suffered, so that it dies by itself after a while."""
        for place, process in list(self._running.items()):
            if process.returncode is None:
                continue
            if self._deaths:
                self._deaths -= 1
                crash_at = f"{self._chance.choice(self._cast.dies_at)}:{self._chance.randrange(1, 8)}"
                await self._start(place, self._chance.choice(self._cast.shares[place]), crash_at)
            else:
                await self._start(place, self._cast.shares[place][0])

    async def hear(self, bursts: Sequence[Sequence[Outgoing]], deaths: int) -> None:
        """Publish burst by burst. Half-way both processes end as a power cut would end them, and so many of those
        who follow die by themselves."""
        self._deaths += deaths
        for number, burst in enumerate(bursts):
            await self.log.publish(burst)
            if number == len(bursts) // 2:
                await self._cut_power()
            await self._tend()

    async def settled(self) -> bool:
        """Wait until all that was said is worked, and all that is decided is sent; False where that never comes."""
        loop = asyncio.get_running_loop()
        cut_at = loop.time() + _STUCK_SECONDS
        try:
            async with asyncio.timeout(_SECONDS):
                while not await self._quiet():
                    if loop.time() > cut_at:
                        cut_at += _STUCK_SECONDS
                        await self._cut_power()
                    await self._tend()
                    await pause(_LOOK_SECONDS)
        except TimeoutError:
            return False
        return True

    async def _quiet(self) -> bool:
        """Whether nobody has anything to do: what each has read is all there was before, and still is after."""
        names = {topic.name for service in self._cast.services for topic in service.topics}
        ends = await self.log.bounds(names)
        for service in self._cast.services:
            topics = {topic.name for topic in service.topics}
            async with self.databases[service.group].read() as reader:
                stands = await positions.standing(reader, service.group)
                read = {p: end.end for p, end in ends.items() if p.topic in topics and end.end}
                if any(p not in stands or stands[p].next_offset != end for p, end in read.items()):
                    return False
                beside = self._cast.beside.get(service.group)
                if beside is not None and await beside.left(reader):
                    return False
                # Asked for last: whatever was done by then has left its records here, or they are on the log.
                if await outbox.depth(reader):
                    return False
        return await self.log.bounds(names) == ends

    async def dead(self) -> int:
        """How many records could not be worked."""
        counts = []
        for database in self.databases.values():
            async with database.read() as reader:
                counts.append(await reader.scalar(select(func.count()).select_from(DEAD_LETTERS)))
        return sum(counts)

    async def close(self) -> None:
        """End everything."""
        for place in self._running:
            await self._kill(place)
        for database in self.databases.values():
            await database.close()
        await self.log.close()


@asynccontextmanager
async def cluster(url: str, cast: Cast, without: str = "", chance: Random | None = None) -> AsyncIterator[Cluster]:
    """A cluster on an empty database, with both processes up."""
    async with AsyncExitStack() as stack:
        made = Cluster(url, cast, without, chance or Random(url))
        stack.push_async_callback(made.close)
        await made.prepare()
        yield made
