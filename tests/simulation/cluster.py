"""All services on one log, each as two processes that die and come back until everything is settled."""

import asyncio
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.contracts.records import Outgoing
from shared.contracts.topics import TOPICS, dead_topic
from shared.db.engine import Database, open_database, sqlite_url
from shared.db.migrate import migrate
from shared.kernel.instant import HOUR, Instant
from shared.observe.lag import Lag
from shared.log.memory import MemoryLog
from shared.log.ports import Log, Record
from shared.runtime.consume import GUARDS, Consumer, Guards
from shared.runtime.lag import lag
from shared.runtime.relay import Relay
from shared.testing.chaos import Chaos, Process
from shared.testing.inline_sqlite import inline_dbapi
from shared.testing.mortal_log import MortalLog
from shared.testing.simulated_loop import simulate
from tests.simulation.services_under_test import Simulated
from tests.simulation.world import RECEIVED

PARTITIONS = 3
_PROCESSES = 2
_SESSION_SECONDS = 0.3
_STALL_SECONDS = 0.8
_CRASH_CHANCE = 0.004
_STALL_CHANCE = 0.02
_PATIENCE = 120.0
"""Simulated seconds in which everything has to be settled once nothing dies any more."""

GuardsOf = Callable[[Log], Guards]


class NeverSettled(AssertionError):
    """Work remains that nobody does."""


@dataclass(frozen=True)
class Run:
    """How a simulation went."""

    folder: Path
    records: list[Record]
    crashes: int
    stalls: int


class Cluster:
    """The processes, the log and the stores of one run."""

    def __init__(self, seed: int, folder: Path, services: Sequence[Simulated], guards: GuardsOf | None = None) -> None:
        self.chaos = Chaos(
            seed, crash_chance=_CRASH_CHANCE, stall_chance=_STALL_CHANCE, stall_seconds=_STALL_SECONDS
        )
        self.log = MemoryLog(step=self.chaos.step, now=self.now, session_seconds=_SESSION_SECONDS)
        self._folder = folder
        self._services = services
        self._guards = guards(self.log) if guards is not None else GUARDS
        self._stopping = asyncio.Event()

    def now(self) -> Instant:
        """A clock that jumps: forth and back, by up to an hour."""
        return Instant(RECEIVED + self.chaos.random.randint(-HOUR, HOUR))

    async def run(self, arrivals: Sequence[Outgoing]) -> Run:
        """Run everything on these arrivals until all is settled."""
        names = [name for topic in TOPICS for name in (topic.name, *(dead_topic(topic.name, c) for c in topic.consumers))]
        await self.log.start(dict.fromkeys(names, PARTITIONS))
        async with asyncio.TaskGroup() as running:
            for service in self._services:
                for slot in range(_PROCESSES):
                    running.create_task(self._keep_alive(service, slot))
            await self._arrive(arrivals)
            self.chaos.calm()
            await self._settled()
            self._stopping.set()
        every = [partition for partition in await self.log.bounds(names)]
        records = await self.log.read([(partition, 0) for partition in every], 1_000_000)
        return Run(self._folder, records, self.chaos.crashes, self.chaos.stalls)

    def _open(self, service: Simulated) -> Database:
        url = sqlite_url(self._folder, service.name)
        return open_database(url, service.name, dbapi=inline_dbapi(self.chaos.step))

    async def _keep_alive(self, service: Simulated, slot: int) -> None:
        """One place for a process: when the one in it dies, another one starts on the same store."""
        while not self._stopping.is_set():
            process = Process(f"{service.name}-{slot}")
            log = MortalLog(self.log, self.chaos)
            database = self._open(service)
            relay = Relay(log, database)
            consumer = Consumer(
                log, database, service.consuming, now=self.now, committed=relay.wake, guards=self._guards
            )
            parts = [consumer.run(self._stopping)]
            if slot == 0:
                parts.append(relay.run(self._stopping))
            await process.run(parts)
            await self.chaos.pause(0.1)

    async def _arrive(self, arrivals: Sequence[Outgoing]) -> None:
        """Publish in bursts, as browsers and back ends do."""
        waiting = list(arrivals)
        while waiting:
            count = self.chaos.random.randint(1, 12)
            await self.log.publish(waiting[:count])
            del waiting[:count]
            await self.chaos.pause(0.15)

    async def _settled(self) -> None:
        """Wait until every service has done everything, twice in a row."""
        observers = [(service, self._open(service)) for service in self._services]
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _PATIENCE
        quiet = 0
        while quiet < 2:
            if loop.time() > deadline:
                raise NeverSettled([await self._lag(service, database) for service, database in observers])
            await self.chaos.pause(0.2)
            done = [(await self._lag(service, database)).caught_up for service, database in observers]
            quiet = quiet + 1 if all(done) else 0
        for _, database in observers:
            await database.close()

    async def _lag(self, service: Simulated, database: Database) -> Lag:
        return await lag(self.log, database, service.name, tuple(t.name for t in service.consuming.topics))


def prepare(folder: Path, services: Sequence[Simulated]) -> None:
    """Make empty stores of all services, to be copied for each run."""

    async def make() -> None:
        for service in services:
            database = open_database(sqlite_url(folder, service.name), service.name, dbapi=inline_dbapi(_at_once))
            await migrate(database, service.migrations)
            await database.close()

    simulate(make())


async def _at_once() -> None:
    return None


def simulated(
    seed: int, arrivals: Sequence[Outgoing], stores: Path, services: Sequence[Simulated], guards: GuardsOf | None = None
) -> Run:
    """Run a seed on copies of the empty stores."""
    folder = stores.with_name(f"seed-{seed}")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(stores, folder)

    async def main() -> Run:
        return await Cluster(seed, folder, services, guards).run(arrivals)

    return simulate(main())
