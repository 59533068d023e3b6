"""All services on one log, each as two processes that die and come back until everything is settled."""

import asyncio
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from services.ingest.store.erasing import SqlErasing
from services.scoring.store.owed import Folding, owed_count
from shared.contracts.records import Outgoing
from shared.contracts.topics import TOPICS, dead_topic
from shared.db.engine import Database, open_database, sqlite_url
from shared.db.migrate import migrate
from shared.db.work import Reader
from shared.kernel.instant import MINUTE, Instant
from shared.log.memory import MemoryLog
from shared.log.ports import Log, Record
from shared.observe.lag import Lag
from shared.runtime.consume import GUARDS, Consumer, Guards
from shared.runtime.lag import lag
from shared.runtime.relay import Relay
from shared.runtime.tick import Ticker
from shared.testing.chaos import Chaos, Crashed, Process, step
from shared.testing.inline_sqlite import InlineConnection
from shared.testing.mortal_log import MortalLog
from shared.testing.simulated_loop import simulate
from tests.simulation.erasing import erasures, keep_what_is_forgotten, ticking
from tests.simulation.operators import Operator
from tests.simulation.sales import Part, Receiver, Sales
from tests.simulation.services_under_test import Simulated
from tests.simulation.world import PRESENT

PARTITIONS = 2
_PROCESSES = 2
_ORDERS = 3
"""So much is asked by each of the operators."""
_SESSION_SECONDS = 0.3
_STALL_SECONDS = 0.8
_CRASH_CHANCE = 0.008
_STALL_CHANCE = 0.02
_CLOCK_SPEED = 10 * MINUTE
"""Milliseconds that pass on the services' clock in one simulated second: waits of minutes end within a run."""
_CLOCK_JUMP = 10 * MINUTE
_FOLD_SECONDS = 0.1
_ROUNDS = 2
_PATIENCE = 60.0
"""Simulated seconds in which everything has to be settled once nothing dies any more."""

GuardsOf = Callable[[Log], Guards]


@dataclass(frozen=True)
class Run:
    """How a simulation went."""

    folder: Path
    records: list[Record]
    left: list[Lag]
    """What remained undone when patience ended, by service; empty where everything settled."""
    taken: dict[str, list[bytes]]
    """Webhooks that the CRM took, by id."""
    decided: dict[str, Sequence[str] | None]
    """What operators asked for, by key, and the acts they were told of; None where it was one, and not told."""


class Stores:
    """The stores of all services, and empty ones that each run starts with."""

    def __init__(self, folder: Path, services: Sequence[Simulated]) -> None:
        self.live = folder / "live"
        self.services = services
        self.crashes = self.stalls = 0
        """In all runs so far."""
        self._empty = folder / "empty"
        self.live.mkdir(parents=True)
        simulate(self._make(), Crashed)
        shutil.copytree(self.live, self._empty)

    def clear(self) -> None:
        """Have all stores empty again."""
        shutil.rmtree(self.live)
        shutil.copytree(self._empty, self.live)

    def open(self, service: Simulated) -> Database:
        """The store of a service, as a process that has just started opens it."""
        return open_database(sqlite_url(self.live, service.name), service.name, file_driver=InlineConnection)

    async def _make(self) -> None:
        for service in self.services:
            database = self.open(service)
            await migrate(database, service.migrations)
            if service.name == "ingest":
                await keep_what_is_forgotten(database)
            if service.sales is not None:
                await service.sales.prepare(database)
            await database.close()


class Cluster:
    """The processes, the log and the stores of one run."""

    def __init__(self, seed: int, stores: Stores, guards: GuardsOf | None = None, schedule: int = 1) -> None:
        self.chaos = Chaos(
            seed, schedule, crash_chance=_CRASH_CHANCE, stall_chance=_STALL_CHANCE, stall_seconds=_STALL_SECONDS
        )
        self.log = MemoryLog(step=step, now=self.now, session_seconds=_SESSION_SECONDS)
        self.receiver = Receiver(self.chaos)
        # Worlds in which nobody is erased have it with their second schedule, and the others the other way round.
        erases = (seed + schedule) % 2 == 1
        self.operators = [
            Operator(f"operator {n}", _ORDERS, self.chaos.random, self.chaos.pause, erases=erases)
            for n in range(_PROCESSES)
        ]
        self._stores = stores
        self._services = stores.services
        self._guards = guards(self.log) if guards is not None else GUARDS
        self._stopping = asyncio.Event()

    def now(self) -> Instant:
        """A clock that runs fast and jumps, forth and back."""
        run = round(asyncio.get_running_loop().time() * _CLOCK_SPEED)
        return Instant(PRESENT + run + self.chaos.random.randint(-_CLOCK_JUMP, _CLOCK_JUMP))

    async def run(self, arrivals: Sequence[Outgoing]) -> Run:
        """Run everything on these arrivals until all is settled."""
        names = [topic.name for topic in TOPICS]
        names += [dead_topic(topic.name, group) for topic in TOPICS for group in topic.consumers]
        await self.log.start(dict.fromkeys(names, PARTITIONS))
        async with asyncio.TaskGroup() as running:
            for service in self._services:
                for slot in range(_PROCESSES):
                    running.create_task(self._keep_alive(service, slot))
            await self._arrive(arrivals)
            self.chaos.calm()
            left = await self._settled()
            self._stopping.set()
        every = list(await self.log.bounds(names))
        records = await self.log.read([(partition, 0) for partition in every], 1_000_000)
        self._stores.crashes += self.chaos.crashes
        self._stores.stalls += self.chaos.stalls
        decided = {key: acts for operator in self.operators for key, acts in operator.done.items()}
        return Run(self._stores.live, records, left, self.receiver.taken, decided)

    async def _keep_alive(self, service: Simulated, slot: int) -> None:
        """One place for a process: when the one in it dies, another one starts on the same store."""
        while not self._stopping.is_set():
            process = Process(f"{service.name}-{slot}", self.chaos)
            log = MortalLog(self.log)
            database = self._stores.open(service)
            relay = Relay(log, database)
            loops = [
                Consumer(log, database, loop, now=self.now, left=relay.wake, guards=self._guards)
                for loop in service.loops
            ]
            parts: list[Part] = [loop.run for loop in loops]
            if slot == 0:
                parts.append(relay.run)
            if service.sales is not None:
                parts += service.sales.parts(database, self.receiver, self.now)
            if service.operated:
                parts.append(self.operators[slot].part(database, service.consuming.open, self.now, relay.wake))
                parts.append(ticking(database, self.now, relay.wake))
            if service.folds_apart:
                folding = Folding(database, service.consuming.open, now=self.now, committed=relay.wake)
                parts.append(Ticker("fold", folding.due, _FOLD_SECONDS, self.now).run)
            await process.run([part(self._stopping) for part in parts])
            await self.chaos.pause(0.1)

    async def _arrive(self, arrivals: Sequence[Outgoing]) -> None:
        """Publish in bursts, as browsers and back ends do."""
        waiting = list(arrivals)
        while waiting:
            count = self.chaos.random.randint(1, 20)
            await self.log.publish(waiting[:count])
            del waiting[:count]
            await self.chaos.pause(0.12)

    async def _settled(self) -> list[Lag]:
        """Wait until every service has done everything, twice in a row; answers what is left where none does it."""
        observers = [(service, self._stores.open(service)) for service in self._services]
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _PATIENCE
        quiet, left = 0, list[Lag]()
        while quiet < _ROUNDS and loop.time() < deadline:
            await self.chaos.pause(0.2)
            lags = [await self._lag(service, database) for service, database in observers]
            left = [one for one in lags if not one.caught_up]
            quiet = 0 if left else quiet + 1
        for _, database in observers:
            await database.close()
        return left

    async def _lag(self, service: Simulated, database: Database) -> Lag:
        topics = service.topics
        if service.sales is not None:
            return await lag(self.log, database, service.name, topics, undone=Sales.undelivered)
        if service.operated:
            undone = partial(self._unanswered, erasures(database, self.now, lambda: None))
            return await lag(self.log, database, service.name, topics, undone=undone)
        if service.folds_apart:
            return await lag(self.log, database, service.name, topics, undone=owed_count)
        return await lag(self.log, database, service.name, topics)

    async def _unanswered(self, running: SqlErasing, reader: Reader) -> int:
        return sum(operator.waiting for operator in self.operators) + await running.undone(reader)


def simulated(
    seed: int, arrivals: Sequence[Outgoing], stores: Stores, guards: GuardsOf | None = None, schedule: int = 1
) -> Run:
    """Run a seed on empty stores, by one of its schedules."""
    stores.clear()

    async def main() -> Run:
        return await Cluster(seed, stores, guards, schedule).run(arrivals)

    return simulate(main(), Crashed)


def fast_folder() -> str | None:
    """A folder in memory where the machine has one: nothing here has to outlive the machine."""
    memory = Path("/dev/shm")  # noqa: S108
    return str(memory) if os.access(memory, os.W_OK) else None
