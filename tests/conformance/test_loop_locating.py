"""A partition is located while others read it: what they have just done is no sign that the log was lost."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path

from sqlalchemy import update

from shared.db.engine import sqlite_url
from shared.db.spine import LOG_POSITIONS
from shared.log.ports import Bounds, Partition
from shared.testing.loop_suite import PARTITIONS, TOPIC, FlakyLog, World, drained
from shared.testing.store_suite import SERVICE
from tests.conformance.test_loop import store_at


class WatchedLog(FlakyLog):
    """A log where something happens, once, right after somebody has asked what it holds."""

    then: Callable[[], Awaitable[None]] | None = None

    async def bounds(self, topics: Iterable[str]) -> Mapping[Partition, Bounds]:
        found = await super().bounds(topics)
        if self.then is not None:
            happens, self.then = self.then, None
            await happens()
        return found


async def test_a_position_that_another_moves_while_it_is_looked_up_is_not_taken_for_lost(tmp_path: Path) -> None:
    async with store_at(sqlite_url(tmp_path, SERVICE)) as opened:
        world = World(opened)
        world.log = log = WatchedLog()
        await log.start(PARTITIONS)
        await drained(world.consumer())

        async def somebody_works_what_has_just_arrived() -> None:
            await world.say("a")
            for partition, held in (await log.bounds([TOPIC])).items():
                here = LOG_POSITIONS.c.partition == partition.number
                async with world.database.work() as work:
                    await work.execute(update(LOG_POSITIONS).where(here).values(next_offset=held.end))

        log.then = somebody_works_what_has_just_arrived
        assert await world.consumer().turn(0) == 0
