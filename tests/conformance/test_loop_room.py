"""A batch that is too much for its transaction's time is no reason to take the same one for ever."""

from pathlib import Path

from shared.db.engine import sqlite_url
from shared.db.work import Work
from shared.kernel.errors import TryLater
from shared.kernel.instant import Instant
from shared.kernel.keys import Key
from shared.testing.loop_suite import PARTITIONS, Counting, World, drained, open_counting
from shared.testing.store_suite import SERVICE
from tests.conformance.test_loop import store_at

MOST_KEYS = 2


class Narrow(World):
    """A service that has time for so many keys in one transaction, and no more."""

    async def _open(self, work: Work, keys: frozenset[Key], now: Instant) -> Counting:
        if len(keys) > MOST_KEYS:
            raise TryLater("the statement took too long")
        return await open_counting(work, keys, now)


async def test_what_does_not_fit_one_transaction_is_worked_in_smaller_ones(tmp_path: Path) -> None:
    async with store_at(sqlite_url(tmp_path, SERVICE)) as opened:
        world = Narrow(opened)
        await world.log.start(PARTITIONS)
        words = [f"word {number}" for number in range(40)]
        await world.say(*words)
        await drained(world.consumer())
        assert await world.counts() == dict.fromkeys(words, 1)
        assert await world.letters() == []
        assert await world.stood() == await world.ends()
