"""After an erasure a store's files are cleaned, so that no byte of what was deleted stays in them.

Promises: an erasure counts as work until that is done, and a process that dies in between does it when it starts again.
The transaction of the erasure itself never waits for it. What cannot be read and comes under an id of somebody erased,
however late, is forgotten soon after it was set aside.
"""

from collections.abc import Callable

from shared.db import erased
from shared.db.cleaning import clean
from shared.db.engine import Database
from shared.kernel.instant import HOUR, Instant
from shared.runtime.tick import Ticker

_SECONDS = 1.0


class Cleaning:
    """Cleans the files of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._looked_through = 0
        """The dead letters up to this id were."""
        self._began_at: Instant | None = None

    async def due(self, now: Instant) -> int:
        """Clean where there were erasures since, or dead letters of the erased; answers how many erasures these were
        of. Raises TryLater."""
        await self._forget_late(now)
        async with self._database.read() as reader:
            waiting = await erased.uncleaned(reader)
        if not waiting or not await clean(self._database):
            return 0
        async with self._database.work() as work:
            await erased.mark_cleaned(work, waiting)
        self._began_at = None
        return len(waiting)

    async def _forget_late(self, now: Instant) -> None:
        """Look through dead letters that are new. All are looked through after each cleaning, for SQLite gives ids
        once more that are free, and once an hour: another worker may commit one with an id that was passed already."""
        if self._began_at is None or now - self._began_at >= HOUR:
            self._looked_through, self._began_at = 0, now
        more = True
        while more:
            async with self._database.read() as reader:
                letters = await erased.look_through(reader, self._looked_through)
            if letters.theirs:
                async with self._database.work() as work:
                    await erased.forget_late(work, letters.theirs)
            self._looked_through, more = letters.last, letters.more


def cleaning(database: Database, now: Callable[[], Instant]) -> Ticker:
    """The tick that does it."""
    return Ticker("clean", Cleaning(database).due, _SECONDS, now)
