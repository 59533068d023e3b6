"""A member of a Kafka consumer group, on aiokafka's consumer and around its traps.

Promises: nothing is read from a partition before `locate` said from where; getmany is never cancelled; a
member the broker feeds nothing although there is something says so. Leaves out: committed offsets as truth.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import (
    IllegalStateError,
    KafkaError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
)

from shared.kernel.errors import PositionLost, TryLater
from shared.log.ports import Bounds, Locate, Partition, Record

REVOKE_SECONDS = 5.0
SESSION_MS = 10_000
_HEARTBEAT_MS = 3_000
_REQUEST_MS = 15_000
"""Longer than a rebalance may take, which is a session."""
_POLL_INTERVAL_MS = 300_000
_REPORT_SECONDS = 3.0
_REPORT_EVERY_SECONDS = 1.0
"""A lag tool looks every few seconds, and a commit for each batch is as much work for the broker as its fetch."""
_CLOSE_SECONDS = 6.0
_CUT_SECONDS = 2.0
_START_SECONDS = 15.0
_FETCH_BYTES = 8 * 1024 * 1024
_PARTITION_FETCH_BYTES = 1024 * 1024
_FETCH_WAIT_MS = 100
"""A fetch that waits for idle partitions holds back those that were being worked when it was sent."""
_SLICE_MS = 200
"""No single wait in getmany is longer, so that a new assignment is located soon."""
STARVED_SECONDS = 60.0

_Fetched = Mapping[TopicPartition, Sequence[ConsumerRecord]]
Behind = Callable[[Iterable[str]], Awaitable[Mapping[Partition, Bounds]]]


class KafkaSubscription:
    """Subscription; `starved` is called where records wait for `starved_seconds` and none comes."""

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        locate: Locate,
        on_revoke: Callable[[], Awaitable[None]] | None,
        bounds: Behind,
        starved: Callable[[str], None],
        starved_seconds: float = STARVED_SECONDS,
    ) -> None:
        self._consumer = consumer
        self._locate = locate
        self._on_revoke = on_revoke
        self._bounds = bounds
        self._starved = starved
        self._starved_seconds = starved_seconds
        self._assigned: frozenset[Partition] = frozenset()
        self._positions: dict[Partition, int] = {}
        self._failure: BaseException | None = None
        self._fetching: asyncio.Task[_Fetched] | None = None
        self._sought: set[Partition] = set()
        """Sought since the fetch began: what it brings may be from before."""
        self._loop = asyncio.get_running_loop()
        self._fed_at = self._loop.time()
        self._behind_since: float | None = None
        self._untold: dict[Partition, int] = {}
        self._told_at = self._fed_at
        self._closed = False

    async def poll(self, limit: int, wait_ms: int) -> Sequence[Record]:
        deadline = self._loop.time() + wait_ms / 1000
        while True:
            self._raise_failure()
            await self._locate_assigned()
            left_ms = int((deadline - self._loop.time()) * 1000)
            try:
                records = await self._fetch(limit, max(0, min(left_ms, _SLICE_MS)))
            except TryLater:
                await self._watch(fed=False)  # One whose heartbeat broke fails at every fetch, for ever.
                raise
            if records or left_ms <= _SLICE_MS:
                await self._watch(fed=bool(records))
                await self._tell()
                return records

    def held(self) -> frozenset[Partition]:
        return self._assigned.intersection(self._positions)

    def seek(self, positions: Mapping[Partition, int]) -> None:
        held = self.held()
        for partition, offset in positions.items():
            if partition in held:
                self._seek(partition, offset)

    async def report(self, positions: Mapping[Partition, int]) -> None:
        self._untold.update(positions)
        await self._tell()

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        await _end_consumer(self._consumer)
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.wait((self._fetching,))

    async def revoke(self) -> None:
        """Everything is about to be assigned anew: let the member finish, for REVOKE_SECONDS at most."""
        try:
            if self._on_revoke is not None and self.held():
                async with asyncio.timeout(REVOKE_SECONDS):
                    await self._on_revoke()
        except TimeoutError:
            pass  # its positions are fenced in the store: late work is rolled back there
        finally:
            self._assigned = frozenset()
            self._positions.clear()

    def assign(self, partitions: frozenset[Partition]) -> None:
        """Read these from now on, once the next poll has located them."""
        self._positions.clear()
        self._assigned = partitions
        self._fed_at = self._loop.time()

    def remember(self, failure: BaseException) -> None:
        """Raise this from the next poll; where it happened, aiokafka would only log it."""
        self._failure = failure

    def _raise_failure(self) -> None:
        if self._closed:
            raise TryLater("the subscription is closed")
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    async def _locate_assigned(self) -> None:
        """Not done in aiokafka's callback: what is raised there is lost, here the caller hears it and asks again."""
        assigned = self._assigned
        unlocated = assigned.difference(self._positions)
        if not unlocated:
            return
        located = await self._locate(unlocated)
        if self._assigned is assigned:  # else a rebalance came between: they may be another's now
            for partition in unlocated:
                self._seek(partition, located[partition])
            self._untold.update(located)  # whoever had them before may have had no time to tell

    def _seek(self, partition: Partition, offset: int) -> None:
        try:
            self._consumer.seek(TopicPartition(*partition), offset)
        except IllegalStateError:
            return  # a rebalance has begun; its callback will take the partition away
        self._positions[partition] = offset
        self._sought.add(partition)

    async def _fetch(self, limit: int, wait_ms: int) -> list[Record]:
        if self._fetching is None:
            self._sought.clear()
            self._fetching = asyncio.create_task(self._consumer.getmany(timeout_ms=wait_ms, max_records=limit))
        # A getmany that is cancelled counts as running for ever, which hides a stuck consumer from the group.
        # So where this poll is cancelled, it is not, and the next poll takes its answer.
        await asyncio.wait((self._fetching,))
        fetching, self._fetching = self._fetching, None
        try:
            fetched = fetching.result()
        except NoOffsetForPartitionError:
            return []  # aiokafka looked for a committed offset before we said where to read: we have now
        except OffsetOutOfRangeError as error:
            self._return_to_own(error)
            return []
        except KafkaError as error:
            raise TryLater(f"the log cannot be read: {error!r}") from error
        return [record for at, messages in fetched.items() for record in self._taken(Partition(*at), messages)]

    def _return_to_own(self, error: OffsetOutOfRangeError) -> None:
        """Seek again where it was not our position that is out of range: aiokafka may have begun at what was committed
        before we said where to read. Raises PositionLost where it was."""
        (offsets,) = error.args
        for at, offset in offsets.items():
            position = self._positions.get(Partition(*at))
            if position == offset:
                raise PositionLost(f"the log does not hold {error}") from error
            if position is not None:
                self._seek(Partition(*at), position)

    def _taken(self, at: Partition, messages: Sequence[ConsumerRecord]) -> list[Record]:
        """The records of a fetch, with the position moved past them; none where it is not the position's."""
        if at not in self._positions:
            return []  # assigned in this very call, and not located yet
        if at in self._sought:
            self._seek(at, self._positions[at])
            return []
        self._positions[at] = messages[-1].offset + 1
        return [Record(at, m.offset, m.key or b"", m.value or b"", _valued(m.headers), m.timestamp) for m in messages]

    async def _tell(self) -> None:
        """Commit where the group stands, once in a while."""
        now = self._loop.time()
        if self._closed or not self._untold or now - self._told_at < _REPORT_EVERY_SECONDS:
            return
        self._told_at = now
        held, untold = self.held(), self._untold
        self._untold = {}
        if not (offsets := {TopicPartition(*at): offset for at, offset in untold.items() if at in held}):
            return
        try:
            async with asyncio.timeout(_REPORT_SECONDS):
                await self._consumer.commit(offsets)
        except (KafkaError, TimeoutError):
            return  # the store is the truth; a lag tool is told next time

    async def _watch(self, *, fed: bool) -> None:
        """After a restart of all brokers aiokafka's consumer may never come back: notice it by another client."""
        now = self._loop.time()
        if fed or not self.held():
            self._fed_at, self._behind_since = now, None
        elif now - self._fed_at > self._starved_seconds / 2:
            self._fed_at = now
            await self._ask_whether_behind(now)

    async def _ask_whether_behind(self, now: float) -> None:
        try:
            bounds = await self._bounds({partition.topic for partition in self.held()})
        except TryLater:
            self._behind_since = None  # the broker is away: that is no fault of this consumer
            return
        if not any(bounds[at].end > offset for at, offset in self._positions.items() if at in bounds):
            self._behind_since = None
        elif self._behind_since is None:
            self._behind_since = now
        elif now - self._behind_since >= self._starved_seconds / 2:
            self._starved(f"records wait in {sorted(self.held())} and none has come for {self._starved_seconds:.0f} s")


def _valued(headers: Sequence[tuple[str, bytes | None]]) -> tuple[tuple[str, bytes], ...]:
    """A header of somebody else's may have no value: it has an empty one here, as a record does."""
    return tuple([(name, value or b"") for name, value in headers])


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka ships no types
    """aiokafka's view of the member; it calls this in a task of its own, while a poll may be waiting."""

    def __init__(self, member: KafkaSubscription) -> None:
        self._member = member

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        done = asyncio.create_task(self._member.revoke())
        await asyncio.wait((done,))
        if not done.cancelled() and (failure := done.exception()) is not None:
            self._member.remember(failure)

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self._member.assign(frozenset(Partition(topic, number) for topic, number in assigned))


async def join(
    bootstrap: str,
    group: str,
    topics: Sequence[str],
    make: Callable[[AIOKafkaConsumer], KafkaSubscription],
) -> KafkaSubscription:
    """A started member of a group; raises TryLater where the cluster does not answer."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="none",
        session_timeout_ms=SESSION_MS,
        heartbeat_interval_ms=_HEARTBEAT_MS,
        max_poll_interval_ms=_POLL_INTERVAL_MS,
        request_timeout_ms=_REQUEST_MS,
        fetch_max_wait_ms=_FETCH_WAIT_MS,
        fetch_max_bytes=_FETCH_BYTES,
        max_partition_fetch_bytes=_PARTITION_FETCH_BYTES,
    )
    member = make(consumer)
    try:
        async with asyncio.timeout(_START_SECONDS):
            await consumer.start()
    except (KafkaError, OSError) as error:
        await member.close()
        raise TryLater(f"no consumer at {bootstrap}: {error!r}") from error
    # Only now: `start` would wait for the first assignment, and that for the other members, without a limit.
    consumer.subscribe(topics, listener=_Listener(member))
    return member


async def _end_consumer(consumer: AIOKafkaConsumer) -> None:
    """Leave the group and stop; a broker that does not answer finds out by the end of the session."""
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await consumer.stop()
    except (KafkaError, TimeoutError):
        await _cut(consumer)


async def _cut(consumer: AIOKafkaConsumer) -> None:
    """What `stop` does after the part that waits for the broker; there is no public way to it."""
    try:
        async with asyncio.timeout(_CUT_SECONDS):
            if consumer._fetcher is not None:  # noqa: SLF001 - as said above
                await consumer._fetcher.close()  # noqa: SLF001
            await consumer._client.close()  # noqa: SLF001
    except (KafkaError, TimeoutError):
        return
