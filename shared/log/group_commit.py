"""The group commit of the Kafka log: what comes for a partition while one batch is on the wire is the next batch.

Promises: one send in flight a partition, so its order holds; a publish hears within its deadline; after
`abandon_seconds` without an answer nothing more is sent. Leaves out: what to do then (`broken` says why).
"""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from aiokafka.errors import KafkaError

from shared.kernel.errors import TryLater
from shared.kernel.remembered import Remembered
from shared.log.partitioning import KEYS_REMEMBERED, partition_of
from shared.log.ports import Heard, Outgoing
from shared.log.sending import sent, tell_all

_FULL_BYTES = 1024 * 1024
"""What a builder has room for, about; what comes then has a batch, and a time, of its own."""
_MOST_WAITING = 8
"""Batches a partition may have waiting; past that publishers are told to try later."""
_PACE_SECONDS = 0.004
"""Rounds are no closer than this; a lone record waits for nothing, and busy ones share the cost of a round."""
_PACE_MOST_SECONDS = 0.01
_PACE_OF_COST = 20
"""Nor closer than so many times what it took to make up the last one, up to the most: on a slow machine, or with much
to send, a round holds more."""
_OTHERS_SECONDS = 0.005
"""The longest that a partition with nothing on the wire waits for the answers of others."""


class Producer(Protocol):
    """The batch calls of aiokafka's producer."""

    def create_batch(self) -> Any: ...

    async def send_batch(self, batch: Any, topic: str, *, partition: int) -> asyncio.Future[Any]: ...


@dataclass(frozen=True, slots=True)
class Patience:
    """How long, in seconds, a publisher waits, and how long a send may stay unanswered before all is given up."""

    deadline: float = 2.0
    abandon: float = 8.0


class _Call:
    """One send: how many batches hold a part of it, and who is told when all of them have come to their end."""

    __slots__ = ("_failure", "_heard", "parts")

    def __init__(self, heard: Heard) -> None:
        self.parts = 0
        self._heard = heard
        self._failure: TryLater | None = None

    def end(self, failure: TryLater | None) -> None:
        """One of the batches has come to its end."""
        self.parts -= 1
        self._failure = self._failure or failure
        if not self.parts:
            self._heard(self._failure)


@dataclass(slots=True, eq=False)
class _Batch:
    """What goes over the wire together, with the calls it is of; until when; and its weight in bytes, about.

    A builder is filled when it is sent, and all at once: those that grow side by side are moved at every step.
    """

    expires_at: float
    parts: list[tuple[Sequence[Outgoing], _Call]] = field(default_factory=list)
    weight: int = 0
    settled: bool = False
    _end: asyncio.Event | None = None

    def add(self, records: Sequence[Outgoing], call: _Call) -> None:
        call.parts += 1
        self.parts.append((records, call))
        self.weight += len(records[0].value) if len(records) == 1 else sum([len(record.value) for record in records])

    def fill(self, builder: Any) -> "_Batch | None":
        """Put all of it into a builder; what that has no room for is a batch of its own."""
        append = builder.append
        for place, (records, _) in enumerate(self.parts):
            for number, record in enumerate(records):
                headers = list(record.headers)
                if append(timestamp=None, key=record.key, value=record.value, headers=headers) is None:
                    return self._cut(place, number)
        return None

    def settle(self) -> Sequence[Heard]:
        """This is its end; answers who is to be told."""
        self.settled = True
        if self._end is not None:
            self._end.set()
        calls = [call.end for _, call in self.parts]
        self.parts.clear()
        return calls

    async def ended(self) -> None:
        """Wait until it is settled."""
        self._end = self._end or asyncio.Event()
        if not self.settled:
            await self._end.wait()

    def _cut(self, place: int, number: int) -> "_Batch":
        """Keep what lies before a record of a part; the rest, which nothing is added to."""
        if not place and not number:
            raise RuntimeError("an empty builder takes any record")
        rest = _Batch(self.expires_at, self.parts[place:], _FULL_BYTES)
        del self.parts[place:]
        if number:
            records, call = rest.parts[0]
            call.parts += 1
            self.parts.append((records[:number], call))
            rest.parts[0] = (records[number:], call)
        return rest


class _Lane:
    """One partition: the batches that wait, the last of them open, and the one that is on the wire."""

    def __init__(self, topic: str, number: int, rounds: "_Rounds", patience: Patience) -> None:
        self.topic = topic
        self.number = number
        self._rounds = rounds
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[_Batch] = deque()
        self._sending: _Batch | None = None
        self._abandon: asyncio.TimerHandle | None = None
        self._watch: asyncio.TimerHandle | None = None
        self.succeeded_at = self._loop.time()

    def refuse_when_stalled(self) -> None:
        """Raises TryLater while the broker owes an answer: what is added now would only pile up."""
        if self._abandon is not None or len(self._waiting) > _MOST_WAITING:
            raise TryLater("the broker does not answer")

    def add(self, records: Sequence[Outgoing], call: _Call) -> None:
        """Send these records of a call after all that wait."""
        if not self._waiting or self._waiting[-1].weight >= _FULL_BYTES:
            self._open()
        self._waiting[-1].add(records, call)

    def take(self) -> Any:
        """The builder to send now; None where those whose records waited have given up."""
        if not self._waiting:
            return None
        batch = self._sending = self._waiting.popleft()
        builder = self._rounds.producer.create_batch()
        if (rest := batch.fill(builder)) is not None:
            self._waiting.appendleft(rest)
        return builder

    def answered(self, sent: asyncio.Future[Any]) -> None:
        """What was on the wire has come to an end."""
        batch = self._sending
        if batch is None or sent.cancelled():
            return
        if (error := sent.exception()) is not None:
            # The lane stays as it is: what waits may be the rest of a call whose start was lost with this.
            self._rounds.broken(error)
            tell_all(batch.settle(), TryLater(f"the broker did not take the records: {error!r}"))
            return
        self._sending = None
        self._heard()
        self.succeeded_at = self._loop.time()
        if self._waiting:
            self._rounds.join(self)
        self._rounds.landed()
        tell_all(batch.settle(), None)

    def unsettled(self) -> list[_Batch]:
        """What somebody still waits for."""
        return [batch for batch in self._batches() if not batch.settled]

    def abort(self) -> None:
        """Tell everybody who waits that no more is sent."""
        self._heard()
        if self._watch is not None:
            self._watch.cancel()
        batches = self._batches()
        self._waiting.clear()
        self._sending = None
        given_up = TryLater("the producer was given up; the records may have been written")
        tell_all([heard for batch in batches for heard in batch.settle()], given_up)

    def _open(self) -> None:
        batch = _Batch(self._loop.time() + self._patience.deadline)
        self._waiting.append(batch)
        if self._watch is None:
            self._watch = self._loop.call_at(batch.expires_at, self._look_at_time)
        if self._sending is None:
            self._rounds.join(self)

    def _batches(self) -> list[_Batch]:
        """All of them, the oldest first."""
        return [*([self._sending] if self._sending else []), *self._waiting]

    def _look_at_time(self) -> None:
        """End what has waited too long. One timer for a partition, not one for each batch: nearly all were answered."""
        self._watch = None
        now = self._loop.time()
        for batch in self._batches():
            if batch.settled:
                continue
            if batch.expires_at > now:
                self._watch = self._loop.call_at(batch.expires_at, self._look_at_time)
                return
            self._expire(batch)

    def _expire(self, batch: _Batch) -> None:
        """Its publishers have waited long enough. What was not sent never will be; what was, may be written."""
        late = TryLater(f"no acknowledgement within {self._patience.deadline} s")
        if batch is self._sending:
            silence = TimeoutError(f"no acknowledgement within {self._patience.abandon} s")
            left = max(0.0, self._patience.abandon - self._patience.deadline)
            self._abandon = self._loop.call_later(left, self._rounds.broken, silence)
            tell_all(batch.settle(), late)
            return
        # What waits behind it may be the rest of the same call, and must not be written without its start.
        dropped = list(self._waiting)[self._waiting.index(batch) :]
        for _ in dropped:
            self._waiting.pop()
        tell_all([heard for each in dropped for heard in each.settle()], late)

    def _heard(self) -> None:
        if self._abandon is not None:
            self._abandon.cancel()
            self._abandon = None


class _Rounds:
    """Sends what waits, of all partitions together: what a producer does costs by the round and the batch, not by the
    record. So a round begins at once where the last is long enough ago and nothing is on the wire, else then and
    with the next answer, or where none comes for a while: a broker that is slow holds up no partition of another.
    """

    def __init__(self, producer: Producer, broken: Callable[[BaseException], None]) -> None:
        self.producer = producer
        self.broken = broken
        self._loop = asyncio.get_running_loop()
        self._due: dict[_Lane, None] = {}
        self._on_wire = 0
        self._began = -_PACE_SECONDS
        self._pace = _PACE_SECONDS
        self._bell = asyncio.Event()
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = 0.0
        self._task = asyncio.create_task(self._run())

    def join(self, lane: _Lane) -> None:
        """Take a lane along that has something to send and nothing on the wire."""
        self._due[lane] = None
        self._ring_in(_OTHERS_SECONDS if self._on_wire else 0)

    def landed(self) -> None:
        """Something came back from the wire."""
        self._on_wire -= 1
        if self._due:
            self._ring_in(0)

    async def abort(self) -> None:
        """Begin no more."""
        self._task.cancel()
        await asyncio.wait((self._task,))
        self._silence()

    def _ring_in(self, seconds: float) -> None:
        now = self._loop.time()
        at = max(now + seconds, self._began + self._pace)
        if at <= now:
            self._bell.set()
        elif self._alarm is None or at < self._alarm_at:
            self._silence()
            self._alarm, self._alarm_at = self._loop.call_at(at, self._bell.set), at

    def _silence(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    async def _run(self) -> None:
        while True:
            await self._bell.wait()
            self._bell.clear()
            self._silence()
            self._began = self._loop.time()
            lanes, self._due = self._due, {}
            started = time.thread_time()
            try:
                for lane in lanes:
                    if (builder := lane.take()) is not None:
                        self._on_wire += 1
                        sent = await self.producer.send_batch(builder, lane.topic, partition=lane.number)
                        sent.add_done_callback(lane.answered)
            except KafkaError as error:
                self.broken(error)
                return
            cost = time.thread_time() - started
            self._pace = min(max(_PACE_SECONDS, _PACE_OF_COST * cost), _PACE_MOST_SECONDS)


def _lane_of(lanes: Sequence[_Lane], key: bytes) -> _Lane:
    return lanes[partition_of(key, len(lanes))]


class GroupCommit:
    """What one producer publishes, until it breaks; a broken one is aborted and replaced by its owner."""

    def __init__(self, producer: Producer, topics: Mapping[str, int], patience: Patience) -> None:
        self.broken: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        self._rounds = _Rounds(producer, self._break)
        self._lanes = {
            topic: [_Lane(topic, number, self._rounds, patience) for number in range(partitions)]
            for topic, partitions in topics.items()
        }
        self._by_key = {
            topic: Remembered(partial(_lane_of, lanes), KEYS_REMEMBERED) for topic, lanes in self._lanes.items()
        }

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """As Log.publish, for records none of which is oversized."""
        await sent(self.send, records)

    def send(self, records: Sequence[Outgoing], heard: Heard) -> None:
        """As Log.send, for records none of which is oversized."""
        if not records:
            heard(None)
            return
        call = _Call(heard)
        if len(records) == 1:
            lane = self._lane(records[0])
            lane.refuse_when_stalled()
            lane.add(records, call)
        else:
            # Lane by lane: what is the same for all records of a partition is looked up once for them.
            shares: defaultdict[_Lane, list[Outgoing]] = defaultdict(list)
            for record in records:
                shares[self._lane(record)].append(record)
            for lane in shares:
                lane.refuse_when_stalled()
            # Nothing else runs meanwhile: the records of one call stay together.
            for lane, share in shares.items():
                lane.add(share, call)

    @property
    def succeeded_at(self) -> float:
        """When, in the event loop's time, a send was last acknowledged."""
        return max((lane.succeeded_at for lane in self._all()), default=0.0)

    async def drain(self) -> None:
        """Wait until everybody has heard, which the deadline bounds."""
        while unsettled := [batch for lane in self._all() for batch in lane.unsettled()]:
            await asyncio.gather(*(batch.ended() for batch in unsettled))

    async def abort(self) -> None:
        """Send no more; whoever waits is told to try later."""
        await self._rounds.abort()
        for lane in self._all():
            lane.abort()

    def _all(self) -> Iterable[_Lane]:
        return (lane for lanes in self._lanes.values() for lane in lanes)

    def _lane(self, record: Outgoing) -> _Lane:
        by_key = self._by_key.get(record.topic)
        if by_key is None:
            raise ValueError(f"{record.topic} is not a topic of this log")
        return by_key[record.key]

    def _break(self, error: BaseException) -> None:
        if not self.broken.done():
            self.broken.set_result(error)
