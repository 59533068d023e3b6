"""The log as a process that may die or be stopped sees it.

A dead one does not say good-bye to its group. One that stood still for longer than its session comes back with
the records it had read, and goes on as if nothing had happened.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from shared.log.ports import Bounds, Heard, Locate, Log, LogFeatures, Outgoing, Partition, Record, Subscription
from shared.testing.chaos import stall, step


class MortalSubscription:
    """A subscription of a process that may die."""

    def __init__(self, inner: Subscription) -> None:
        self._inner = inner

    async def poll(self, limit: int, wait_ms: int) -> Sequence[Record]:
        """What the log gives, handed over late at times."""
        records = await self._inner.poll(limit, wait_ms)
        if records:
            await stall()
        return records

    def held(self) -> frozenset[Partition]:
        """As the log has it."""
        return self._inner.held()

    def seek(self, positions: Mapping[Partition, int]) -> None:
        """As the log does it."""
        self._inner.seek(positions)

    async def report(self, positions: Mapping[Partition, int]) -> None:
        """As the log does it."""
        await step()
        await self._inner.report(positions)

    async def close(self) -> None:
        """Only the living leave."""
        await step()
        await self._inner.close()


class MortalLog:
    """A log shared by many processes, for one of them."""

    def __init__(self, inner: Log) -> None:
        self._inner = inner

    @property
    def features(self) -> LogFeatures:
        return self._inner.features

    async def start(self, topics: Mapping[str, int]) -> None:
        await self._inner.start(topics)

    async def publish(self, records: Sequence[Outgoing]) -> None:
        await self._inner.publish(records)

    def send(self, records: Sequence[Outgoing], heard: Heard) -> None:
        self._inner.send(records, heard)

    async def subscribe(
        self,
        group: str,
        topics: Iterable[str],
        locate: Locate,
        on_revoke: Callable[[], Awaitable[None]] | None = None,
    ) -> MortalSubscription:
        return MortalSubscription(await self._inner.subscribe(group, topics, locate, on_revoke))

    async def bounds(self, topics: Iterable[str]) -> Mapping[Partition, Bounds]:
        return await self._inner.bounds(topics)

    async def identity(self, topic: str) -> str:
        return await self._inner.identity(topic)

    async def discard(self, before: Mapping[Partition, int]) -> None:
        await self._inner.discard(before)

    async def trim(self, read: Mapping[Partition, int], before: int) -> int:
        return await self._inner.trim(read, before)

    async def close(self) -> None:
        await self._inner.close()
