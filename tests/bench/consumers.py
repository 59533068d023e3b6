"""The consumers, with their real handlers, loops and relays, on stores that hold facts already.

The log is in memory: what is measured is the service and its store. The events are worked by one service after
the other, each reading what the one before it has published.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import asyncpg

from services.__main__ import BUILD
from services.attribution import worker as attribution
from services.deployment import Deployment, Service, ServiceName, Settings
from services.handoff import worker as handoff
from services.ingest import worker as ingest
from services.scoring import worker as scoring
from shared.contracts.topics import Topic
from shared.db.migrate import migrate
from shared.kernel.instant import DAY, Instant
from shared.log.memory import MemoryLog
from shared.observe import clock
from shared.observe.lag import Lag
from shared.runtime.consume import BATCH
from shared.runtime.lag import lag
from shared.web.credentials import load
from shared.web.server import relax_garbage_collector
from tests.bench.collected import records
from tests.bench.processes import pause
from tests.bench.run import Run, Section
from tests.bench.stock import FACTS, into_postgres, into_sqlite

_TOPICS: Mapping[ServiceName, tuple[Topic, ...]] = MappingProxyType(
    {
        "ingest": ingest.TOPICS,
        "scoring": scoring.TOPICS,
        "handoff": handoff.TOPICS,
        "attribution": attribution.TOPICS,
    }
)
_NAMES: Mapping[ServiceName, str] = MappingProxyType(
    {"ingest": "resolver", "scoring": "scoring", "handoff": "hand-off", "attribution": "attribution"}
)
_LOOK_AGAIN_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Worked:
    """What a service did: `seconds` until all was read and its outbox was empty, `cpu` of this process meanwhile."""

    records: int
    seconds: float
    cpu: float
    copied: float | None = None
    """Rows a second of a bare COPY of the facts it has written."""


async def measure(run: Run) -> list[Section]:
    """All services on both stores."""
    relax_garbage_collector()
    notes: list[str] = []
    found: dict[str, dict[ServiceName, Worked]] = {"SQLite": {}, "PostgreSQL": {}}
    async with run.step("the consumers on SQLite", notes):
        await _on(run, run.scratch("consumers-sqlite"), None, found["SQLite"])
    async with run.step("the consumers on PostgreSQL", notes), run.database() as url:
        await _on(run, run.scratch("consumers-postgres"), url, found["PostgreSQL"])
    return [_section(run, found, notes)]


async def _on(run: Run, folder: Path, url: str | None, found: dict[ServiceName, Worked]) -> None:
    """Warm up, load, then measure one service after the other into `found`."""
    store = "SQLite" if url is None else "PostgreSQL"
    settings = Settings(data=folder, database=url, kafka=None)
    log = MemoryLog(now=clock.now)
    await log.start(settings.topic_partitions())
    deployment = Deployment(settings, load(folder, {}), log)
    since = Instant(clock.now() - DAY)
    run.say(f"{store}: warming up")
    await _publish(log, "earlier", run.effort.events // 2, Instant(since - DAY))
    for name in BUILD:
        await worked(deployment, name)
    for name in BUILD:
        await _load(run, folder, url, name, Instant(since - 2 * DAY))
    await _publish(log, "now", run.effort.events, since)
    for name in BUILD:
        run.say(f"{store}: {_NAMES[name]}")
        found[name] = await worked(deployment, name)
    if url is not None:
        for name in ("ingest", "scoring", "attribution"):
            run.say(f"{store}: COPY of the rows of {_NAMES[name]}")
            found[name] = await _copied(url, name, since, found[name])
    await log.close()


async def _publish(log: MemoryLog, name: str, count: int, since: Instant) -> None:
    made = list(records(name, count, since))
    for first in range(0, len(made), BATCH):
        await log.publish(made[first : first + BATCH])


async def _load(run: Run, folder: Path, url: str | None, name: ServiceName, until: Instant) -> None:
    def say(there: int) -> None:
        run.say(f"{'PostgreSQL' if url else 'SQLite'}: {there:,} of {run.effort.facts:,} facts of {_NAMES[name]}")

    if url is None:
        await into_sqlite(folder / f"{name}.db", name, run.effort.facts, until, say)
    else:
        await into_postgres(url, name, run.effort.facts, until, say)


async def worked(deployment: Deployment, name: ServiceName) -> Worked:
    """Run the worker of a service until it has nothing before it."""
    service = BUILD[name](deployment, lambda: True)
    stopping = asyncio.Event()
    try:
        await migrate(service.database, service.migrations)
        unread = (await _lag(deployment, service)).unread
        started, cpu = time.perf_counter(), time.process_time()
        async with asyncio.TaskGroup() as parts:
            for _, part in service.worker:
                parts.create_task(part(stopping))
            while (left := await _lag(deployment, service)).unread or left.outbox:
                await pause(_LOOK_AGAIN_SECONDS)
            worked = Worked(unread, time.perf_counter() - started, time.process_time() - cpu)
            stopping.set()
        return worked
    finally:
        await service.database.close()


async def _lag(deployment: Deployment, service: Service) -> Lag:
    topics = tuple(topic.name for topic in _TOPICS[service.name])
    return await lag(deployment.log, service.database, service.name, topics)


async def _copied(url: str, name: ServiceName, since: Instant, worked: Worked) -> Worked:
    """With the rate at which the rows just written go back into the same table, a batch in a transaction."""
    facts = FACTS[name]
    connection = await asyncpg.connect(url, server_settings={"search_path": name})
    try:
        rows = await connection.fetch(f"DELETE FROM {facts.table} WHERE {facts.time} >= $1 RETURNING *", since)  # noqa: S608
        started = time.perf_counter()
        for first in range(0, len(rows), BATCH):
            part = [tuple(row) for row in rows[first : first + BATCH]]
            await connection.copy_records_to_table(facts.table, records=part, schema_name=name)
        rate = len(rows) / (time.perf_counter() - started)
    finally:
        await connection.close()
    return Worked(worked.records, worked.seconds, worked.cpu, rate)


def _section(run: Run, found: Mapping[str, Mapping[ServiceName, Worked]], notes: Sequence[str]) -> Section:
    rows = []
    for store, services in found.items():
        for name, one in services.items():
            rate = one.records / one.seconds
            copied, share = ("", "") if one.copied is None else (f"{one.copied:,.0f}", f"{rate / one.copied:.2f}")
            cpu = f"{one.cpu / one.records * 1e6:,.0f}"
            rows.append((store, _NAMES[name], f"{one.records:,}", f"{rate:,.0f}", cpu, copied, share))
    prose = (
        "The worker of each service as it is wired, relay included, reading a log in memory: no broker is in these "
        f"figures. {run.effort.facts:,} facts lie in each service's own table before the first event; they belong to "
        "other people, and every person who now acts is known to each service too. The clock stops when the last "
        "effect is committed and published. Hand-off passes over what is no act of sales. `COPY`: the touchpoints "
        f"that the service has just written, copied back into the same table as bare rows, {BATCH:,} in a transaction; "
        "the service also writes people, positions and what it publishes."
    )
    columns = ("store", "consumer", "events", "events/s", "CPU us/event", "COPY rows/s", "of COPY")
    return Section("Consumers", columns, rows, [prose, *notes])
