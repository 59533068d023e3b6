"""A log on Apache Kafka: the scale path.

Promises: `publish` returns when all in-sync replicas have it, or raises within its deadline; an outage of
the brokers is survived without a restart. What only a new process cures is told through `failed`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from shared.kernel.errors import TryLater
from shared.log.group_commit import GroupCommit, Patience
from shared.log.kafka_producer import FATAL, end_producer, open_producer
from shared.log.kafka_subscription import KafkaSubscription, join
from shared.log.kafka_topics import TopicSettings, ensure_topics, topic_id
from shared.log.ports import Bounds, Heard, Locate, LogFeatures, Outgoing, Partition
from shared.log.sending import sent
from shared.log.sizes import MAX_RECORD_BYTES, refuse_oversized

_REQUEST_MS = 5_000
_CLOSE_SECONDS = 9.0
_FAILING_SECONDS = 30.0
"""So long may sends fail while the broker answers; then only a new process helps."""
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 5.0


class KafkaLog:
    """Log on the cluster at `bootstrap` (`host:port[,host:port]`).

    `failed` is set, with the reason in `failure`, when the process must be ended and started anew."""

    def __init__(
        self,
        bootstrap: str,
        *,
        topic_settings: TopicSettings | None = None,
        compression: str | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._bootstrap = bootstrap
        self._topic_settings = topic_settings or TopicSettings()
        self._compression = compression
        self._patience = patience or Patience()
        self.features = LogFeatures(
            name="kafka",
            durable=True,
            shared=True,
            max_record_bytes=MAX_RECORD_BYTES,
            delivery_seconds=self._patience.deadline + self._patience.abandon,
        )
        self.failed = asyncio.Event()
        self.failure = ""
        self._topics: dict[str, int] = {}
        self._identities: dict[str, str] = {}
        self._writer: _Writer | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._cutting: asyncio.Task[None] | None = None
        self._observer: AIOKafkaConsumer | None = None
        self._members: list[KafkaSubscription] = []
        self._failing_since: float | None = None

    async def start(self, topics: Mapping[str, int]) -> None:
        if self._keeper is not None:
            await self.close()
        await ensure_topics(self._bootstrap, topics, self._topic_settings)
        self._topics = dict(topics)
        self._observer = await _observer(self._bootstrap)
        try:
            await self.bounds(topics)  # a broker is told to lead before it does: this asks until it answers for each
            self._writer = await self._open_writer()
        except TryLater:
            await self._observer.stop()
            raise
        self._keeper = asyncio.create_task(self._keep_writing())

    async def publish(self, records: Sequence[Outgoing]) -> None:
        await sent(self.send, records)

    def send(self, records: Sequence[Outgoing], heard: Heard) -> None:
        writer = self._writer
        if writer is None:
            raise TryLater("there is no producer: the log is closed or the broker does not answer")
        refuse_oversized(records, MAX_RECORD_BYTES)
        writer.commit.send(records, heard)

    async def subscribe(
        self,
        group: str,
        topics: Iterable[str],
        locate: Locate,
        on_revoke: Callable[[], Awaitable[None]] | None = None,
    ) -> KafkaSubscription:
        read = sorted(topics)
        for topic in read:
            self._partitions(topic)

        def member(consumer: AIOKafkaConsumer) -> KafkaSubscription:
            return KafkaSubscription(consumer, locate, on_revoke, self.bounds, self._fail)

        self._members.append(await join(self._bootstrap, group, read, member))
        return self._members[-1]

    async def bounds(self, topics: Iterable[str]) -> Mapping[Partition, Bounds]:
        if self._observer is None:
            raise TryLater("the log is closed")
        asked = [TopicPartition(topic, number) for topic in topics for number in range(self._partitions(topic))]
        try:
            async with asyncio.timeout(2 * _REQUEST_MS / 1000):
                first = await self._observer.beginning_offsets(asked)
                end = await self._observer.end_offsets(asked)
        except (KafkaError, TimeoutError) as error:
            raise TryLater(f"the bounds cannot be had: {error!r}") from error
        return {Partition(*at): Bounds(first[at], end[at]) for at in asked}

    async def identity(self, topic: str) -> str:
        """The topic id the cluster drew when the topic was made."""
        self._partitions(topic)
        if topic not in self._identities:
            self._identities[topic] = await topic_id(self._bootstrap, topic)
        return self._identities[topic]

    async def discard(self, before: Mapping[Partition, int]) -> None:
        """Nothing: other groups than ours may read a topic, and its retention ends what it holds."""

    async def trim(self, read: Mapping[Partition, int], before: int) -> int:
        """Nothing, as `discard`."""
        return 0

    async def close(self) -> None:
        """Within 10 s: what is in flight has its deadline, then everything is ended, answered or not."""
        writer, self._writer = self._writer, None
        observer, self._observer = self._observer, None
        keeper, self._keeper = self._keeper, None
        members, self._members = self._members, []
        if keeper is not None:
            keeper.cancel()
            await asyncio.wait((keeper,))
        endings: list[Awaitable[object]] = [member.close() for member in members]
        if writer is not None:
            endings.append(writer.close())
        if self._cutting is not None:
            endings.append(self._cutting)
        if observer is not None:
            endings.append(observer.stop())
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                # What one part of it raises is no reason to leave another open, and nobody could do anything else.
                await asyncio.gather(*endings, return_exceptions=True)
        except TimeoutError:
            return

    def _partitions(self, topic: str) -> int:
        if topic not in self._topics:
            raise ValueError(f"{topic} is not a topic of this log")
        return self._topics[topic]

    async def _open_writer(self) -> "_Writer":
        producer = await open_producer(self._bootstrap, self._compression, self._topics)
        return _Writer(producer, GroupCommit(producer, self._topics, self._patience))

    async def _keep_writing(self) -> None:
        """Whenever the producer breaks, put another in its place as soon as the broker answers."""
        while self._writer is not None:
            writer = self._writer
            reason = await writer.commit.broken
            self._writer = None
            self._judge(reason, writer.commit.succeeded_at)
            # A task of its own: a close that comes now must not leave it half done, it waits for it.
            self._cutting = asyncio.create_task(writer.cut())
            await asyncio.shield(self._cutting)
            pause = _FIRST_PAUSE
            while self._writer is None:
                try:
                    self._writer = await self._open_writer()
                except TryLater:
                    self._failing_since = None  # the broker is away, which no new process would change
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, _LONGEST_PAUSE)

    def _judge(self, reason: BaseException, succeeded_at: float) -> None:
        now = asyncio.get_running_loop().time()
        if isinstance(reason, FATAL):
            self._fail(f"the broker refuses this producer: {reason!r}")
        elif self._failing_since is None or succeeded_at > self._failing_since:
            self._failing_since = now
        elif now - self._failing_since > _FAILING_SECONDS:
            self._fail(f"nothing could be published for {_FAILING_SECONDS:.0f} s though the broker answers: {reason!r}")

    def _fail(self, reason: str) -> None:
        self.failure = reason
        self.failed.set()


class _Writer:
    """A producer and what fills its batches."""

    def __init__(self, producer: AIOKafkaProducer, commit: GroupCommit) -> None:
        self._producer = producer
        self.commit = commit

    async def close(self) -> None:
        """Wait for what is in flight, then end."""
        await self.commit.drain()
        await end_producer(self._producer, at_once=False)
        await self.commit.abort()

    async def cut(self) -> None:
        """End at once; what is in flight is answered with TryLater."""
        await end_producer(self._producer, at_once=True)
        await self.commit.abort()


async def _observer(bootstrap: str) -> Any:
    """A client of its own for bounds, so that a stuck consumer is seen from outside."""
    observer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="none", request_timeout_ms=_REQUEST_MS
    )
    try:
        async with asyncio.timeout(2 * _REQUEST_MS / 1000):
            await observer.start()
    except (KafkaError, OSError) as error:
        await observer.stop()
        raise TryLater(f"no client at {bootstrap}: {error!r}") from error
    return observer
