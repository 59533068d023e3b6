"""After an erasure a store's files are cleaned, so that no byte of what was deleted stays in them.

Promises: an erasure counts as work until that is done, and a process that dies in between does it when it starts again.
The transaction of the erasure itself never waits for it.
"""

from collections.abc import Callable

from shared.db import erased
from shared.db.cleaning import clean
from shared.db.engine import Database
from shared.kernel.instant import Instant
from shared.runtime.tick import Ticker

_SECONDS = 1.0


class Cleaning:
    """Cleans the files of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, _now: Instant) -> int:
        """Clean where there were erasures since; answers how many. Raises TryLater."""
        async with self._database.read() as reader:
            waiting = await erased.uncleaned(reader)
        if not waiting or not await clean(self._database):
            return 0
        async with self._database.work() as work:
            await erased.mark_cleaned(work, waiting)
        return len(waiting)


def cleaning(database: Database, now: Callable[[], Instant]) -> Ticker:
    """The tick that does it."""
    return Ticker("clean", Cleaning(database).due, _SECONDS, now)
