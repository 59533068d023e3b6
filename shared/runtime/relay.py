"""The relay: one a service, sends what the outbox holds in id order, and deletes what the log acknowledged.

It holds a lock that one process has, on the connection it works with: where the lock is lost, so is the work.
One that takes over from a relay that did not say good-bye first waits until nothing of it can still arrive. What the
log refuses for good becomes a dead letter, and holds up nothing.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence

from sqlalchemy import select

from shared.contracts.topics import carries_dead_letters
from shared.db import dead_letters, outbox
from shared.db.dialect import Upsert
from shared.db.engine import Database, Held
from shared.db.spine import RELAY
from shared.kernel.errors import Reject, TryLater
from shared.kernel.instant import Instant
from shared.log.ports import Log
from shared.observe import clock, logs
from shared.observe.metrics import Metrics
from shared.runtime import crash_points

BATCH = 2_000
SLICE_BYTES = 4 * 1024 * 1024
"""What is published at once has one deadline, so it is no more than a busy broker takes in that time."""
BUSY_SECONDS = 0.02
IDLE_SECONDS = 0.05
"""How often it is looked for what other processes committed; what this one commits wakes the relay at once."""
MOST_SENT = 1_000
"""Past this what was sent is deleted although there is more to send: until then it is passed over at each look."""
DELETE_SECONDS = 0.02
"""What was acknowledged waits so long for more to be sent, and is then deleted in a commit of its own."""
ALONE_SECONDS = 0.5
"""Where no other process can commit, every commit wakes the relay; looking again is a precaution."""
RETRY_SECONDS = 0.5
_BUSY_TURNS = 20
"""After so many looks that found nothing which this process had not been told of, no other is expected to commit."""

_NAME = "outbox"
_ENDED, _RUNNING, _AGAIN = range(3)
_STATE = Upsert(RELAY, conflict=("name",), update=("running",))
_log = logs.logger("relay")


class Relay:
    """Sends a service's outbox."""

    def __init__(
        self,
        log: Log,
        database: Database,
        *,
        now: Callable[[], Instant] = clock.now,
        metrics: Metrics | None = None,
    ) -> None:
        self._log = log
        self._database = database
        self._now = now
        self._metrics = metrics
        self._woken = asyncio.Event()
        self._sent: list[int] = []

    def wake(self) -> None:
        """Something was committed: look now."""
        self._woken.set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Send until told to stop."""
        while not stopping.is_set():
            try:
                async with self._database.hold(_NAME) as held:
                    if held is not None:
                        await self._serve(held, stopping)
            except TryLater as error:
                _log.warning("relay.waits", service=self._database.service, reason=str(error))
            self._sent.clear()
            if not stopping.is_set():
                await self._rest(RETRY_SECONDS)

    async def _serve(self, held: Held, stopping: asyncio.Event) -> None:
        await self.take_over(held)
        in_vain = _BUSY_TURNS
        while not stopping.is_set():
            looked = not self._woken.is_set()
            count = await self.turn(held)
            if looked:
                in_vain = 0 if count else in_vain + 1
            if count < BATCH:
                await self._rest(self._patience(in_vain))
        await self.hand_back(held)

    def _patience(self, in_vain: int) -> float:
        if not self._log.features.shared:
            return DELETE_SECONDS if self._sent else ALONE_SECONDS
        return BUSY_SECONDS if in_vain < _BUSY_TURNS else IDLE_SECONDS

    async def take_over(self, held: Held) -> None:
        """Wait out what a predecessor that died may still have on its way."""
        async with held.work() as work:
            unclean = await work.scalar(select(RELAY.c.running).where(RELAY.c.name == _NAME))
            await work.write(_STATE, [(_NAME, _RUNNING)])
        if unclean:
            await asyncio.sleep(self._log.features.delivery_seconds)

    async def hand_back(self, held: Held) -> None:
        """Delete what is acknowledged and say good-bye."""
        async with held.work() as work:
            await outbox.sent(work, self._sent)
            await work.write(_STATE, [(_NAME, _ENDED)])
        self._sent.clear()

    async def turn(self, held: Held) -> int:
        """Send what waits; answers how many records that were. Raises TryLater."""
        self._woken.clear()
        waiting = await (self._settled(held) if self._database.syncs else self._unsettled(held))
        try:
            for part in _slices(waiting):
                await self._publish(held, part)
                crash_points.reach("after_relay_publish")
                self._sent += [row.id for row in part]
        except TryLater:
            await self._forget(held)
            raise
        return len(waiting)

    async def _forget(self, held: Held) -> None:
        """Delete what was acknowledged, so that nobody sends it again because of what was not."""
        if self._sent:
            async with held.work() as work:
                await outbox.sent(work, self._sent)
            self._sent.clear()

    async def _settled(self, held: Held) -> Sequence[outbox.Waiting]:
        """What is to be sent now, where it is on disk already. What was acknowledged is deleted when nobody waits."""
        async with held.read() as reader:
            waiting = await outbox.waiting(reader, BATCH, sent=self._sent)
        if not waiting or len(self._sent) > MOST_SENT:
            await self._forget(held)
        return waiting

    async def _unsettled(self, held: Held) -> Sequence[outbox.Waiting]:
        """What is to be sent now, where it is not on disk yet."""
        if not self._sent and not await self._anything(held):
            return ()
        return await self._next(held)

    async def _anything(self, held: Held) -> bool:
        """Whether something waits; the one writer of a SQLite file is not kept waiting for the answer."""
        async with held.read() as reader:
            return bool(await outbox.waiting(reader, 1))

    async def _next(self, held: Held) -> Sequence[outbox.Waiting]:
        """What is to be sent now. The commit that deletes what was acknowledged outlives a power cut, and with it all
        that was committed before: nothing leaves before what led to it is on disk."""
        async with held.work() as work:
            await outbox.sent(work, self._sent)
            # SQLite writes, and syncs, nothing where no byte is another in the end but by way of others.
            for state in (_AGAIN, _RUNNING):
                await work.write(_STATE, [(_NAME, state)])
            waiting = await outbox.waiting(work, BATCH)
        self._sent.clear()
        return waiting

    async def _publish(self, held: Held, waiting: Sequence[outbox.Waiting]) -> None:
        try:
            await self._log.publish([row.record for row in waiting])
        except Reject:
            # One is larger than the log takes. It must not hold up the others.
            for row in waiting:
                await self._publish_one(held, row)

    async def _publish_one(self, held: Held, row: outbox.Waiting) -> None:
        try:
            await self._log.publish([row.record])
        except Reject as error:
            await self._set_aside(held, row, error)

    async def _set_aside(self, held: Held, row: outbox.Waiting, error: Reject) -> None:
        """Keep what no topic takes as a dead letter; what is one already was kept and counted when it became one."""
        topic, fresh = row.record.topic, not carries_dead_letters(row.record.topic)
        async with held.work() as work:
            if fresh:
                await dead_letters.keep(work, self._database.service, row.record, error.code, self._now())
            await outbox.sent(work, [row.id])
        _log.error("relay.unsendable", service=self._database.service, topic=topic, code=error.code)
        if fresh and self._metrics is not None:
            self._metrics.dead_letters.labels(topic).inc()

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return


def _slices(waiting: Sequence[outbox.Waiting]) -> Iterator[Sequence[outbox.Waiting]]:
    """What waits, in parts of SLICE_BYTES at most, or of a single record."""
    start = size = 0
    for number, row in enumerate(waiting):
        length = len(row.record.key) + len(row.record.value)
        if number > start and size + length > SLICE_BYTES:
            yield waiting[start:number]
            start, size = number, 0
        size += length
    if waiting:
        yield waiting[start:]
