"""The inbox forgets by and by what it has seen (state.md 5.1).

Promises: nothing is forgotten while the group has yet to read what the log held, where the same event may lie once
more. Leaves out an event that is sent once more after all those days.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from shared.contracts.records import Partition
from shared.contracts.topics import Topic
from shared.db import positions, seen
from shared.db.engine import Database
from shared.kernel.instant import Instant
from shared.log.ports import Bounds, Log
from shared.runtime.tick import Ticker

_SECONDS = 3_600.0


class _Noted(NamedTuple):
    """What the topics of a group held at an instant."""

    at: Instant
    held: Mapping[Partition, Bounds]


class Inbox:
    """Forgets what a group has seen of its topics. Any number of workers may do so."""

    def __init__(self, log: Log, database: Database, group: str, topics: Sequence[Topic]) -> None:
        self._log = log
        self._database = database
        self._group = group
        self._topics = [topic.name for topic in topics]
        self._noted: _Noted | None = None

    async def due(self, now: Instant) -> int:
        """Forget what was old when the log held nothing that is not read by now; answers how much. Raises TryLater."""
        noted = self._noted
        if noted is not None and not await self._has_read(noted.held):
            return 0
        self._noted = _Noted(now, await self._log.bounds(self._topics))
        if noted is None:
            return 0
        async with self._database.work() as work:
            return await seen.trim(work, noted.at)

    async def _has_read(self, held: Mapping[Partition, Bounds]) -> bool:
        async with self._database.read() as reader:
            stands = await positions.standing(reader, self._group)
        return all(at in stands and stands[at].next_offset >= bounds.end for at, bounds in held.items())


def forgetting(log: Log, database: Database, group: str, topics: Sequence[Topic], now: Callable[[], Instant]) -> Ticker:
    """The tick that does it."""
    return Ticker("forget", Inbox(log, database, group, topics).due, _SECONDS, now)
