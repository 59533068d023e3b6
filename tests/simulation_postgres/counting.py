"""Services that do nothing but count: what is done twice, or not at all, is seen in their totals.

`python -m tests.simulation_postgres.counting`. They keep no fact under an event's id, so nothing but the guards
of the loop makes an effect happen once.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.schema import CreateSchema

from shared.contracts.envelope import Emit, Event
from shared.contracts.topics import Topic
from shared.contracts.touchpoints import RejectedTouchpoint
from shared.db.engine import Database
from shared.db.work import Work
from shared.kernel.ids import derived
from shared.kernel.instant import Instant
from shared.kernel.keys import Key
from shared.runtime.session import Consuming, On
from shared.testing.store_suite import METADATA, REPLACE, THINGS
from tests.simulation_postgres.pauses import NOW
from tests.simulation_postgres.process import Cast, Orders, work

_TYPE = "touchpoint.rejected"


def _topic(name: str) -> Topic:
    return Topic(name, "word", {_TYPE: RejectedTouchpoint}, ("test",), (), None)


ONCE, REPEATED, TOLD = _topic("said.once"), _topic("said.repeatedly"), _topic("told")
"""A sender says everything once, another repeats itself, and what the second service tells the third."""


def says(event_id: str, word: str, times: int = 1) -> Event:
    """An event that says a word so many times."""
    data = RejectedTouchpoint(
        id=event_id, source="s", door="d", received_at=NOW, codes=("said",) * times, reasons=(), body=word
    )
    return Event(event_id, _TYPE, "s", NOW, data)


class Counting:
    """A session that counts words, and tells what it added under an id that its total makes."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._added: Counter[str] = Counter()

    def take(self, event: RejectedTouchpoint) -> None:
        """Count what an event says."""
        self._added[event.body] += len(event.codes)

    async def close(self) -> Sequence[Emit]:
        """Write the totals."""
        words = sorted(self._added)
        rows = await self._work.rows(select(THINGS).where(self._work.among(THINGS.c.id, words)))
        totals = Counter({row.id: row.version for row in rows}) + self._added
        await self._work.write(REPLACE, [(word, None, totals[word]) for word in words])
        return [
            Emit(TOLD.name, word, says(derived("told", word, str(totals[word])), word, self._added[word]))
            for word in words
        ]


class Silent(Counting):
    """One that nobody listens to."""

    async def close(self) -> Sequence[Emit]:
        """Write the totals, and tell nobody."""
        await super().close()
        return ()


async def _open_counting(work: Work, _keys: frozenset[Key], _now: Instant) -> Counting:
    return Counting(work)


async def _open_silent(work: Work, _keys: frozenset[Key], _now: Instant) -> Counting:
    return Silent(work)


def _keys(event: RejectedTouchpoint) -> Iterable[Key]:
    return [Key("person", event.body)]


def _take(event: RejectedTouchpoint, session: Counting) -> None:
    session.take(event)


async def _prepare(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(CreateSchema(database.service))
        await connection.run_sync(METADATA.create_all)


COUNTING = Cast(
    module="tests.simulation_postgres.counting",
    services=(
        Consuming("trusting", (ONCE,), {_TYPE: On(_keys, _take)}, _open_silent),
        Consuming("first", (REPEATED,), {_TYPE: On(_keys, _take, inbox=True)}, _open_counting),
        Consuming("second", (TOLD,), {_TYPE: On(_keys, _take, inbox=True)}, _open_silent),
    ),
    prepare=_prepare,
    shares=(("0,1,2,3",), ("0,1,2,3",)),
    dies_at=("before_commit", "before_commit", "after_commit"),
)

if __name__ == "__main__":
    asyncio.run(work(COUNTING, Orders.of(sys.argv[1:])))
