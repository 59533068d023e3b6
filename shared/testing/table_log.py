"""A log in a PostgreSQL table, for real processes that share one list of records.

Each member says itself which partitions it reads; two may read the same. Leaves out groups, waking and size limits.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from msgspec import msgpack
from sqlalchemy import Row

from shared.contracts.records import Outgoing, Partition, Record
from shared.db.engine import Database
from shared.log.memory import MemoryLog
from shared.log.partitioning import partition_of
from shared.log.ports import Bounds, Heard, Locate
from shared.log.sending import tell_of

SCHEMA = "table_log"
_MAKE = (
    f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}",
    f"CREATE TABLE IF NOT EXISTS {SCHEMA}.records (topic text, part int, nr bigint, key bytea, value bytea,"
    " headers bytea, PRIMARY KEY (topic, part, nr))",
)
_ADD = (
    "INSERT INTO records SELECT :topic, :part, coalesce(max(nr) + 1, 0), :key, :value, :headers"
    " FROM records WHERE topic = :topic AND part = :part"
)
_READ = (
    "SELECT r.* FROM unnest(CAST(:topics AS text[]), CAST(:parts AS int[]), CAST(:offsets AS bigint[])) AS w(t, p, o)"
    " JOIN records r ON r.topic = w.t AND r.part = w.p AND r.nr >= w.o ORDER BY r.topic, r.part, r.nr LIMIT :most"
)
_PAUSE_SECONDS = 0.005
_Headers = tuple[tuple[str, bytes], ...]


class TableLog:
    """The log as one process sees it. `share`: the numbers of the partitions it reads of every topic; `most`: how
    many records a poll answers at most."""

    features = replace(MemoryLog.features, name="table", durable=True, shared=True)

    def __init__(self, database: Database, partitions: int, share: frozenset[int], most: int = 1_000) -> None:
        self._database = database
        self._count = partitions
        self._share = share
        self._most = most

    async def start(self, topics: Mapping[str, int]) -> None:
        """Make the table where it is not there."""
        del topics
        async with self._database.work() as work:
            for statement in _MAKE:
                await work.execute(statement)

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """One writer at a time, so that offsets are dense."""
        async with self._database.work() as work:
            await work.execute("LOCK TABLE records IN EXCLUSIVE MODE")
            for record in records:
                part = partition_of(record.key, self._count)
                said = {"key": record.key, "value": record.value, "headers": msgpack.encode(record.headers)}
                await work.execute(_ADD, topic=record.topic, part=part, **said)

    def send(self, records: Sequence[Outgoing], heard: Heard) -> None:
        """As `publish`, beside whatever else goes on."""
        tell_of(self.publish(records), heard)

    async def subscribe(
        self,
        group: str,
        topics: Iterable[str],
        locate: Locate,
        on_revoke: Callable[[], Awaitable[None]] | None = None,
    ) -> "TableSubscription":
        """A member that holds its share for ever."""
        del group, on_revoke
        held = frozenset(Partition(topic, number) for topic in topics for number in self._share)
        return TableSubscription(self._database, held, locate, self._most)

    async def bounds(self, topics: Iterable[str]) -> Mapping[Partition, Bounds]:
        """What each partition holds."""
        async with self._database.read() as reader:
            rows = await reader.rows("SELECT topic, part, max(nr) + 1 AS reached FROM records GROUP BY topic, part")
        ends = {Partition(row.topic, row.part): row.reached for row in rows}
        every = (Partition(topic, number) for topic in topics for number in range(self._count))
        return {partition: Bounds(0, ends.get(partition, 0)) for partition in every}

    async def content(self, topic: str) -> list[Record]:
        """All that a topic holds, partition by partition."""
        async with self._database.read() as reader:
            rows = await reader.rows("SELECT * FROM records WHERE topic = :topic ORDER BY part, nr", topic=topic)
        return [_record(row) for row in rows]

    async def identity(self, topic: str) -> str:
        """It is never made again."""
        return topic

    async def discard(self, before: Mapping[Partition, int]) -> None:
        """Nothing: it keeps everything."""

    async def trim(self, read: Mapping[Partition, int], before: int) -> int:
        """Nothing, as `discard`."""
        del read, before
        return 0

    async def close(self) -> None:
        """Give the connections back."""
        await self._database.close()


class TableSubscription:
    """One member."""

    def __init__(self, database: Database, held: frozenset[Partition], locate: Locate, most: int) -> None:
        self._database = database
        self._held = held
        self._locate = locate
        self._most = most
        self._next: dict[Partition, int] = {}

    async def poll(self, limit: int, wait_ms: int) -> Sequence[Record]:
        """What lies next, looked for again and again until the wait is over."""
        if not self._next:
            self._next = dict(await self._locate(self._held))
        deadline = asyncio.get_running_loop().time() + wait_ms / 1_000
        while not (records := await self._read(limit)) and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110 - no event of ours crosses processes
            await asyncio.sleep(_PAUSE_SECONDS)
        self._next.update({record.partition: record.offset + 1 for record in records})
        return records

    async def _read(self, limit: int) -> list[Record]:
        wanted = sorted(self._next.items())
        async with self._database.read() as reader:
            rows = await reader.rows(
                _READ,
                topics=[partition.topic for partition, _ in wanted],
                parts=[partition.number for partition, _ in wanted],
                offsets=[offset for _, offset in wanted],
                most=min(limit, self._most),
            )
        return [_record(row) for row in rows]

    def held(self) -> frozenset[Partition]:
        """Its share."""
        return self._held

    def seek(self, positions: Mapping[Partition, int]) -> None:
        """Read on from these offsets."""
        self._next.update({partition: offset for partition, offset in positions.items() if partition in self._held})

    async def report(self, positions: Mapping[Partition, int]) -> None:
        """Nobody asks."""

    async def close(self) -> None:
        """Nothing is held."""


def _record(row: Row[Any]) -> Record:
    headers = msgpack.decode(row.headers, type=_Headers)
    return Record(Partition(row.topic, row.part), row.nr, row.key, row.value, headers, 0)
