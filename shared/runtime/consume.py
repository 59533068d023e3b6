"""The loop: take a batch over all partitions held, work it in one transaction, commit once (state.md 5).

Positions, inbox, state, outbox and dead letters commit together, so a crash anywhere is as if the batch had
never been taken, or had been taken whole. Infrastructure trouble is waited out. A batch that fails otherwise
is halved until the event that does it stands alone and becomes a dead letter.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Generic

from shared.contracts.envelope import Event, Unreadable, decode
from shared.contracts.records import Outgoing, Partition, Record
from shared.contracts.topics import TYPES
from shared.db import dead_letters, outbox, positions, seen
from shared.db.engine import Database
from shared.db.positions import Move, Standing
from shared.db.seen import SeenId
from shared.db.work import Work
from shared.kernel.errors import NotLoaded, PositionLost, ThroughlineError, TryLater
from shared.kernel.instant import SECOND, Instant
from shared.kernel.keys import Key
from shared.log.ports import Log, Subscription
from shared.observe import logs
from shared.observe.metrics import Metrics
from shared.runtime import crash_points
from shared.runtime.session import GATHER_MS, Consuming, S

BATCH = 1_000
GATHER_BELOW = 50
"""Below this many records the loop waits a moment for more: one commit serves them all (state.md 5)."""
IDLE_MS = 500
ASIDE_SECONDS = 0.02
"""How long a loop that lets another go first stands aside before it looks again."""
RETRY_SECONDS = (0.05, 0.2, 1.0, 3.0, 5.0)
MOST_SET_ASIDE_IN_A_ROW = 20
"""More poison than this in a row is no poison: something of ours is broken, and the topic must not drain away."""
MOST_REDOS = 20

_log = logs.logger("consume")


class Broken(ThroughlineError):
    """Every record fails: the worker stops rather than set a whole topic aside."""


@dataclass(frozen=True, slots=True)
class Guards:
    """The three that together make an effect happen once. They are given, so that a simulation can take one away
    and prove that it is needed."""

    advance: Callable[[Work, str, Sequence[Move]], Awaitable[None]] = positions.advance
    unseen: Callable[[Work, Sequence[SeenId]], Awaitable[set[str]]] = seen.unseen
    leave: Callable[[Work, Sequence[Outgoing]], Awaitable[None]] = outbox.add


GUARDS = Guards()


class Consumer(Generic[S]):
    """One member of a service's group. `left` is called after each commit that left something to be sent."""

    def __init__(
        self,
        log: Log,
        database: Database,
        service: Consuming[S],
        *,
        now: Callable[[], Instant],
        left: Callable[[], None] = lambda: None,
        metrics: Metrics | None = None,
        guards: Guards = GUARDS,
    ) -> None:
        self._log = log
        self._database = database
        self._service = service
        self._now = now
        self._left = left
        self._metrics = metrics
        self._guards = guards
        self._subscription: Subscription | None = None
        self._believed: dict[Partition, int] = {}
        self._astray = False
        self._room = BATCH
        """Records taken at once: fewer after a batch that could not be worked, which may have been too much."""
        self._set_aside_in_a_row = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until told to stop; returns with the last batch committed and the group left."""
        failures = 0
        try:
            while not stopping.is_set():
                try:
                    await self.turn(IDLE_MS)
                    failures = 0
                except TryLater as error:
                    _log.warning("consume.waits", service=self._service.group, reason=str(error))
                    if self._metrics is not None:
                        self._metrics.retries.labels(type(error).__name__).inc()
                    await _pause(stopping, RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)])
                    failures += 1
        finally:
            if self._subscription is not None:
                await self._subscription.close()

    async def turn(self, wait_ms: int) -> int:
        """Take one batch and work it; answers how many records it held. Raises TryLater."""
        subscription = await self._subscribed()
        if self._astray:
            await self._return_to_store(subscription)
        pace = self._service.pace
        most = self._room if pace is None else min(self._room, pace.most())
        if not most:
            await asyncio.sleep(ASIDE_SECONDS)
            return 0
        records = list(await subscription.poll(most, wait_ms))
        if not records:
            return 0
        # Until what was polled is worked, nothing may be polled beyond it but after a way back to the store.
        self._astray = True
        if len(records) < min(most, GATHER_BELOW):
            records += await self._more(subscription, most - len(records))
        crash_points.reach("after_poll")
        self._idle.clear()
        began = perf_counter()
        try:
            await self._settle(self._believable(records))
        except TryLater:
            self._room = max(1, len(records) // 2)
            raise
        finally:
            self._idle.set()
        self._astray = False
        self._room = min(2 * self._room, BATCH)
        if pace is not None:
            pace.took(len(records), Instant(min(record.at for record in records)))
        self._measure(records, perf_counter() - began)
        await subscription.report({partition: self._believed[partition] for partition in _partitions(records)})
        return len(records)

    async def _more(self, subscription: Subscription, most: int) -> Sequence[Record]:
        """What comes within a moment: as soon as something does, or all of it where nobody waits for the outcome."""
        moment = self._service.gather_ms
        if moment <= GATHER_MS:
            return await subscription.poll(most, moment)
        await asyncio.sleep(moment / SECOND)
        return await subscription.poll(most, 0)

    def _measure(self, records: Sequence[Record], seconds: float) -> None:
        if self._metrics is not None:
            self._metrics.batch_seconds.observe(seconds)
            for topic, count in Counter(record.partition.topic for record in records).items():
                self._metrics.batch_records.labels(topic).inc(count)

    async def _subscribed(self) -> Subscription:
        if self._subscription is None:
            names = [topic.name for topic in self._service.topics]
            self._subscription = await self._log.subscribe(self._service.group, names, self._locate, self._finish)
        return self._subscription

    async def _finish(self) -> None:
        # Asked before partitions are given up: the transaction under way may still commit under our name.
        await self._idle.wait()

    async def _locate(self, partitions: frozenset[Partition]) -> Mapping[Partition, int]:
        """Where the store says that we stand; partitions never read before start at what the log still holds."""
        group = self._service.group
        topics = {partition.topic for partition in partitions}
        identities = {topic: await self._log.identity(topic) for topic in sorted(topics)}
        bounds = await self._log.bounds(topics)
        async with self._database.work() as work:
            known = await positions.standing(work, group)
            fresh = {
                partition: Standing(bounds[partition].first, identities[partition.topic])
                for partition in partitions
                if partition not in known
            }
            await positions.begin(work, group, fresh)
        async with self._database.read() as reader:
            known = await positions.standing(reader, group)
        # Asked again: while we looked, another member may have worked what has only just arrived.
        bounds = await self._log.bounds(topics)
        for partition in sorted(partitions):
            stands = known[partition]
            if stands.topic_identity != identities[partition.topic]:
                raise PositionLost(f"{partition.topic} is not the topic that {group} has read: it was made again")
            if not bounds[partition].first <= stands.next_offset <= bounds[partition].end:
                raise PositionLost(f"{group} stands at {stands.next_offset} of {partition}: {bounds[partition]}")
        located = {partition: known[partition].next_offset for partition in partitions}
        self._believed.update(located)
        return located

    async def _return_to_store(self, subscription: Subscription) -> None:
        """Read again from where the store stands: what was taken has not been worked, or another owner did it."""
        async with self._database.read() as reader:
            known = await positions.standing(reader, self._service.group)
        back = {p: known[p].next_offset for p in subscription.held() if p in known}
        self._believed.update(back)
        subscription.seek(back)
        self._astray = False

    def _believable(self, records: Sequence[Record]) -> list[Record]:
        """Without what lies before the position: it was worked already. And each once: what was polled before a
        partition was taken and given back comes again with the poll after."""
        next_of, believable = dict(self._believed), list[Record]()
        for record in records:
            if record.offset >= next_of.get(record.partition, 0):
                next_of[record.partition] = record.offset + 1
                believable.append(record)
        return believable

    async def _settle(self, records: Sequence[Record]) -> None:
        """Work records; halve what fails until the one that does it is set aside."""
        if not records:
            return
        try:
            await self._work(records)
        except (TryLater, PositionLost, Broken):
            raise
        except Exception as error:  # whatever a handler raises is poison, and is not lost
            if len(records) == 1:
                await self._set_aside(records[0], error)
                return
            half = len(records) // 2
            await self._settle(records[:half])
            await self._settle(records[half:])
        else:
            self._set_aside_in_a_row = 0

    async def _work(self, records: Sequence[Record]) -> None:
        """One transaction: all records with all their effects, or nothing."""
        events, unreadable = _decoded(records, self._service)
        keys = frozenset(key for event in events for key in self._service.handlers[event.type].keys(event.data))
        began = perf_counter()
        for _ in range(MOST_REDOS):
            try:
                async with self._database.work(durable=False) as work:
                    await self._advance(work, records)
                    worked = await self._effects(work, events, keys)
                    for record, reason in unreadable:
                        await dead_letters.set_aside(work, self._service.group, record, reason, self._now())
                    crash_points.reach("before_commit")
                break
            except NotLoaded as missing:
                keys |= {key for key in missing.keys if isinstance(key, Key)}
        else:
            raise TryLater("keys kept changing while they were being locked")
        crash_points.reach("after_commit")
        if keys and self._service.ahead_of is not None:
            self._service.ahead_of.others_took(perf_counter() - began)
        self._moved(records)
        if worked.left or unreadable:
            self._left()
        self._count(events, worked)
        self._count_dead([record for record, _ in unreadable])

    async def _effects(self, work: Work, events: Sequence[Event], keys: frozenset[Key]) -> "_Worked[S]":
        """Open a session for a batch, have it take the events, and close it."""
        handlers = self._service.handlers
        boxed = [(event.id, event.at) for event in events if handlers[event.type].inbox]
        unseen = await self._guards.unseen(work, boxed)
        session = await self._service.open(work, keys, self._now())
        taken = 0
        for event in events:
            on = handlers[event.type]
            if on.inbox:
                if event.id not in unseen:
                    continue
                unseen.discard(event.id)
                taken += 1
            on.handle(event.data, session)
        leaving = [outbox.outgoing(emit) for emit in await session.close()]
        await self._guards.leave(work, leaving)
        return _Worked(session, len(boxed) - taken, len(leaving))

    def _count(self, events: Sequence[Event], worked: "_Worked[S]") -> None:
        """Count what a batch came to: it is committed by now."""
        if self._metrics is not None:
            now, stage = self._now(), self._metrics.stage_seconds.labels(self._service.group)
            for event in events:
                stage.observe(max(0, now - event.at) / SECOND)
            self._metrics.duplicates.inc(worked.repeated)
            self._service.measure(worked.session, self._metrics)

    def _count_dead(self, records: Sequence[Record]) -> None:
        if self._metrics is not None:
            for record in records:
                self._metrics.dead_letters.labels(record.partition.topic).inc()

    async def _advance(self, work: Work, records: Sequence[Record]) -> None:
        reached = {record.partition: record.offset + 1 for record in records}
        moves = [Move(partition, self._believed[partition], end) for partition, end in reached.items()]
        await self._guards.advance(work, self._service.group, moves)

    async def _set_aside(self, record: Record, error: Exception) -> None:
        self._set_aside_in_a_row += 1
        if self._set_aside_in_a_row > MOST_SET_ASIDE_IN_A_ROW:
            raise Broken(f"{MOST_SET_ASIDE_IN_A_ROW} records in a row failed, the last with {type(error).__name__}")
        async with self._database.work() as work:
            await self._advance(work, [record])
            await dead_letters.set_aside(work, self._service.group, record, type(error).__name__, self._now())
        _log.error("consume.set_aside", service=self._service.group, error=type(error).__name__)
        self._count_dead([record])
        self._moved([record])
        self._left()

    def _moved(self, records: Sequence[Record]) -> None:
        self._believed.update({record.partition: record.offset + 1 for record in records})


@dataclass(frozen=True, slots=True)
class _Worked(Generic[S]):
    """A batch in its transaction: its session, how many of its events the inbox knew already, and what it left."""

    session: S
    repeated: int
    left: int


def _decoded(records: Sequence[Record], service: Consuming[S]) -> tuple[list[Event], list[tuple[Record, str]]]:
    events: list[Event] = []
    unreadable: list[tuple[Record, str]] = []
    for record in records:
        try:
            event = decode(record.value, record.headers, TYPES)
        except Unreadable as error:
            unreadable.append((record, str(error)))
        else:
            if event.type in service.handlers:
                events.append(event)
    return events, unreadable


def _partitions(records: Sequence[Record]) -> set[Partition]:
    return {record.partition for record in records}


async def _pause(stopping: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stopping.wait()
    except TimeoutError:
        return
