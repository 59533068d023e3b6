"""A log in memory, for tests and simulations: deterministic, without threads or a clock of its own.

Several simulated processes share one object. Nothing outlives it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from shared.kernel.errors import TryLater
from shared.log.groups import Groups, Member
from shared.log.local_subscription import LocalSubscription
from shared.log.partitioning import partition_of
from shared.log.ports import Bounds, Heard, Locate, LogFeatures, Outgoing, Partition, Record
from shared.log.sending import tell_of
from shared.log.sizes import MAX_RECORD_BYTES, refuse_oversized


async def _turn() -> None:
    """Let others run, as every call to a log that does I/O does."""
    await asyncio.sleep(0)


def _no_time() -> int:
    return 0


class MemoryLog:
    """Log whose every effect is preceded and followed by `step`, where a simulation interleaves and crashes.

    `now`: milliseconds since the epoch. `session_seconds` of the event loop's time without a poll and a member
    loses its partitions. It is open while it was started more often than closed.
    """

    features = LogFeatures(
        name="memory",
        durable=False,
        shared=False,
        max_record_bytes=MAX_RECORD_BYTES,
        delivery_seconds=0.0,
        discards=True,
    )

    def __init__(
        self,
        *,
        step: Callable[[], Awaitable[None]] = _turn,
        now: Callable[[], int] = _no_time,
        session_seconds: float = 30.0,
    ) -> None:
        self._step = step
        self._now = now
        self._partitions: dict[str, int] = {}
        self._records: dict[Partition, list[Record]] = {}
        self._first: dict[Partition, int] = {}
        """Where the records of a partition begin, of those that some were discarded of."""
        self._groups = Groups(self._partitions, session_seconds)
        self._users = 0

    async def start(self, topics: Mapping[str, int]) -> None:
        for topic, partitions in topics.items():
            if self._partitions.setdefault(topic, partitions) != partitions:
                raise ValueError(f"{topic} has {self._partitions[topic]} partitions, not {partitions}")
            for number in range(partitions):
                self._records.setdefault(Partition(topic, number), [])
        self._users += 1

    async def publish(self, records: Sequence[Outgoing]) -> None:
        self._refuse_closed()
        refuse_oversized(records, self.features.max_record_bytes)
        parts: dict[Partition, list[Outgoing]] = {}
        for record in records:
            at = Partition(record.topic, partition_of(record.key, self._count(record.topic)))
            parts.setdefault(at, []).append(record)
        # One effect a partition, as on a broker: a crash between two leaves the call half written.
        for at, part in parts.items():
            await self._step()
            self._append(at, part)
            await self._step()

    def send(self, records: Sequence[Outgoing], heard: Heard) -> None:
        self._refuse_closed()
        refuse_oversized(records, self.features.max_record_bytes)
        for record in records:
            self._count(record.topic)
        tell_of(self.publish(records), heard)

    async def subscribe(
        self,
        group: str,
        topics: Iterable[str],
        locate: Locate,
        on_revoke: Callable[[], Awaitable[None]] | None = None,
    ) -> LocalSubscription:
        self._refuse_closed()
        member = Member(topics, on_revoke)
        for topic in member.topics:
            self._count(topic)
        await self._groups.attend(group, member)
        return LocalSubscription(self, self._groups, group, member, locate)

    async def bounds(self, topics: Iterable[str]) -> Mapping[Partition, Bounds]:
        self._refuse_closed()
        return {
            Partition(topic, number): self.extent(Partition(topic, number))
            for topic in topics
            for number in range(self._count(topic))
        }

    async def identity(self, topic: str) -> str:
        self._count(topic)
        return f"memory:{topic}"

    async def close(self) -> None:
        self._users = max(0, self._users - 1)

    async def discard(self, before: Mapping[Partition, int]) -> None:
        self._refuse_closed()
        await self._step()
        for partition, offset in before.items():
            first, end = self.extent(partition)
            kept_from = min(max(offset, first), end)
            del self._records[partition][: kept_from - first]
            self._first[partition] = kept_from
        await self._step()

    async def trim(self, read: Mapping[Partition, int], before: int) -> int:
        first = {partition: self.extent(partition).first for partition in read}
        await self.discard({at: min(offset, self._since(at, before)) for at, offset in read.items()})
        return sum(self.extent(partition).first - first[partition] for partition in read)

    def _since(self, partition: Partition, before: int) -> int:
        """The first offset whose record is not older than an instant."""
        young = (record.offset for record in self._records[partition] if record.at >= before)
        return next(young, self.extent(partition).end)

    def extent(self, partition: Partition) -> Bounds:
        first = self._first.get(partition, 0)
        return Bounds(first, first + len(self._records[partition]))

    async def read(self, wanted: Sequence[tuple[Partition, int]], limit: int) -> list[Record]:
        await self._step()
        found: list[Record] = []
        for partition, offset in wanted:
            start = offset - self._first.get(partition, 0)
            found += self._records[partition][start : start + limit - len(found)]
        await self._step()
        return found

    def _append(self, at: Partition, part: Iterable[Outgoing]) -> None:
        held, now = self._records[at], self._now()
        for offset, record in enumerate(part, self.extent(at).end):
            held.append(Record(at, offset, record.key, record.value, record.headers, now))
        self._groups.wake((at.topic,))

    def _count(self, topic: str) -> int:
        if topic not in self._partitions:
            raise ValueError(f"{topic} is not a topic of this log")
        return self._partitions[topic]

    def _refuse_closed(self) -> None:
        if not self._users:
            raise TryLater("the log is closed")
