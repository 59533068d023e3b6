"""The group commit of the Kafka log: all publishers of a partition fill one builder while the last is on the wire.

Promises: one send in flight a partition, so its order holds; a publish hears within its deadline; after
`abandon_seconds` without an answer nothing more is sent. Leaves out: what to do then (`broken` says why).
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiokafka.errors import KafkaError

from shared.kernel.errors import TryLater
from shared.log.partitioning import partition_of
from shared.log.ports import Outgoing

_MOST_WAITING = 8
"""Full builders (1 MiB each) a partition may have waiting; past that publishers are told to try later."""

Outcome = asyncio.Future[TryLater | None]


class Producer(Protocol):
    """The batch calls of aiokafka's producer."""

    def create_batch(self) -> Any: ...

    async def send_batch(self, batch: Any, topic: str, *, partition: int) -> asyncio.Future[Any]: ...


@dataclass(frozen=True, slots=True)
class Patience:
    """How long, in seconds, a publisher waits, and how long a send may stay unanswered before all is given up."""

    deadline: float = 2.0
    abandon: float = 8.0


@dataclass(slots=True, eq=False)
class _Batch:
    """A builder, who waits for it, and the timer that ends their waiting."""

    builder: Any
    expiry: asyncio.TimerHandle | None = None
    waiting: list[Outcome] = field(default_factory=list)

    def outcome(self) -> Outcome:
        """A future for one publisher more; its own, so that one who is cancelled takes nobody along."""
        outcome: Outcome = asyncio.get_running_loop().create_future()
        self.waiting.append(outcome)
        return outcome

    def settle(self, failure: TryLater | None) -> None:
        if self.expiry is not None:
            self.expiry.cancel()
        for outcome in self.waiting:
            if not outcome.done():
                outcome.set_result(failure)
        self.waiting.clear()


class _Lane:
    """One partition: the builders that wait, the last of them open, and the one that is on the wire."""

    def __init__(
        self, producer: Producer, topic: str, number: int, patience: Patience, broken: Callable[[BaseException], None]
    ) -> None:
        self._producer = producer
        self._topic = topic
        self._number = number
        self._patience = patience
        self._broken = broken
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[_Batch] = deque()
        self._sending: _Batch | None = None
        self._wake: asyncio.Future[None] | None = None
        self._abandon: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self.succeeded_at = self._loop.time()

    def refuse_when_stalled(self) -> None:
        """Raises TryLater while the broker owes an answer: what is added now would only pile up."""
        if self._abandon is not None or len(self._waiting) > _MOST_WAITING:
            raise TryLater("the broker does not answer")

    def append(self, record: Outgoing) -> _Batch:
        """Add a record to the open builder; the builder it is now in."""
        key, value, headers = record.key, record.value, list(record.headers)
        if self._waiting:
            batch = self._waiting[-1]
            if batch.builder.append(timestamp=None, key=key, value=value, headers=headers) is not None:
                return batch
        batch = self._open()
        if batch.builder.append(timestamp=None, key=key, value=value, headers=headers) is None:
            raise RuntimeError("an empty builder takes any record")
        return batch

    def unsettled(self) -> list[Outcome]:
        """Everybody who still waits."""
        batches = [*self._waiting, *([self._sending] if self._sending else [])]
        return [outcome for batch in batches for outcome in batch.waiting]

    async def abort(self) -> None:
        """Send no more and tell everybody who waits."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
        self._answered()
        for batch in (*self._waiting, *([self._sending] if self._sending else [])):
            batch.settle(TryLater("the producer was given up; the records may have been written"))
        self._waiting.clear()
        self._sending = None

    def _open(self) -> _Batch:
        batch = _Batch(self._producer.create_batch())
        batch.expiry = self._loop.call_later(self._patience.deadline, self._expire, batch)
        self._waiting.append(batch)
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        elif self._wake is not None and not self._wake.done():
            self._wake.set_result(None)
        return batch

    async def _run(self) -> None:
        while True:
            while not self._waiting:
                self._wake = self._loop.create_future()
                await self._wake
            batch = self._sending = self._waiting.popleft()
            try:
                await (await self._producer.send_batch(batch.builder, self._topic, partition=self._number))
            except KafkaError as error:
                batch.settle(TryLater(f"the broker did not take the records: {error!r}"))
                self._broken(error)
                return
            self._sending = None
            self._answered()
            self.succeeded_at = self._loop.time()
            batch.settle(None)

    def _expire(self, batch: _Batch) -> None:
        """Its publishers have waited long enough. What was not sent never will be; what was, may be written."""
        late = TryLater(f"no acknowledgement within {self._patience.deadline} s")
        batch.settle(late)
        if batch is not self._sending:
            # What waits behind it may be the rest of the same call, and must not be written without its start.
            dropped = None
            while dropped is not batch:
                dropped = self._waiting.pop()
                dropped.settle(late)
            return
        silence = TimeoutError(f"no acknowledgement within {self._patience.abandon} s")
        self._abandon = self._loop.call_later(
            max(0.0, self._patience.abandon - self._patience.deadline), self._broken, silence
        )

    def _answered(self) -> None:
        if self._abandon is not None:
            self._abandon.cancel()
            self._abandon = None


class GroupCommit:
    """What one producer publishes, until it breaks; a broken one is aborted and replaced by its owner."""

    def __init__(self, producer: Producer, topics: Mapping[str, int], patience: Patience) -> None:
        self.broken: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        self._lanes = {
            topic: [_Lane(producer, topic, number, patience, self._break) for number in range(partitions)]
            for topic, partitions in topics.items()
        }

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """As Log.publish, for records none of which is oversized."""
        lanes = [self._lane(record) for record in records]
        for lane in set(lanes):
            lane.refuse_when_stalled()
        # From here to the first await nothing else runs: the records of one call stay together.
        batches = dict.fromkeys(map(_Lane.append, lanes, records))
        outcomes = [batch.outcome() for batch in batches]
        failures = [await outcome for outcome in outcomes]
        for failure in failures:
            if failure is not None:
                raise failure

    @property
    def succeeded_at(self) -> float:
        """When, in the event loop's time, a send was last acknowledged."""
        return max((lane.succeeded_at for lane in self._all()), default=0.0)

    async def drain(self) -> None:
        """Wait until everybody has heard, which the deadline bounds."""
        if unsettled := [outcome for lane in self._all() for outcome in lane.unsettled()]:
            await asyncio.wait(unsettled)

    async def abort(self) -> None:
        """Send no more; whoever waits is told to try later."""
        for lane in self._all():
            await lane.abort()

    def _all(self) -> Iterable[_Lane]:
        return (lane for lanes in self._lanes.values() for lane in lanes)

    def _lane(self, record: Outgoing) -> _Lane:
        lanes = self._lanes.get(record.topic)
        if lanes is None:
            raise ValueError(f"{record.topic} is not a topic of this log")
        return lanes[partition_of(record.key, len(lanes))]

    def _break(self, error: BaseException) -> None:
        if not self.broken.done():
            self.broken.set_result(error)
