"""Aliases by the thousand wait for what others do; in the end everything is as if they had not."""

from pathlib import Path

from sqlalchemy import func, select

from services.ingest.domain.identity import DEFAULT_LIMITS
from services.ingest.handlers.resolving import Resolving
from services.ingest.store.session import opening
from services.ingest.store.tables import PEOPLE
from services.ingest.wiring import MIGRATIONS
from services.ingest.worker import TOPICS, loops
from shared.contracts.envelope import Emit
from shared.db import outbox
from shared.db.engine import Database, open_database, sqlite_url
from shared.db.migrate import migrate
from shared.kernel.instant import SECOND, Instant
from shared.log.memory import MemoryLog
from shared.runtime.consume import Consumer
from shared.runtime.pace import Pace
from tests.handlers.ingest.at_ingest import NOW, call, identify

PER_SECOND, PAIRS = 50, 80


def alias(number: int) -> Emit:
    return call(
        f"alias-{number}", 2, type="alias", trusted=True, user_id=f"left-{number}", previous_id=f"right-{number}"
    )


class Resolver:
    """Both loops of one worker, on a clock that stands still until it is moved."""

    def __init__(self, log: MemoryLog, database: Database) -> None:
        self.database = database
        self.log = log
        self.at = NOW
        self.first, self.patient = (
            Consumer(log, database, loop, now=self.now)
            for loop in loops(opening(DEFAULT_LIMITS, b"k"), Pace(PER_SECOND, self.now))
        )

    def now(self) -> Instant:
        return self.at

    async def told(self, *emits: Emit) -> None:
        await self.log.publish([outbox.outgoing(emit) for emit in emits])

    async def merged(self) -> int:
        """How many of the pairs are one person."""
        async with self.database.read() as reader:
            return int(await reader.scalar(select(func.count()).where(PEOPLE.c.into_id.is_not(None))))


async def all_done(consumer: Consumer[Resolving]) -> None:
    while await consumer.turn(0):
        continue


async def test_what_others_do_goes_first_and_aliases_get_their_share(tmp_path: Path) -> None:
    database, log = open_database(sqlite_url(tmp_path, "ingest"), "ingest"), MemoryLog(now=lambda: NOW)
    await log.start({topic.name: 1 for topic in TOPICS})
    await migrate(database, MIGRATIONS)
    resolver = Resolver(log, database)
    known = (identify(f"{side}-{n}", 1, f"{side}-{n}@ex.org", user_id=f"{side}-{n}")
             for n in range(PAIRS) for side in ("left", "right"))  # fmt: skip
    await resolver.told(*known)
    await all_done(resolver.first)
    await resolver.told(*(alias(number) for number in range(PAIRS)), call("other", 3, anonymous_id="b1"))
    await all_done(resolver.first)
    await all_done(resolver.patient)
    assert await resolver.merged() == PER_SECOND // 5, "a chunk, and no more before the next is due"
    resolver.at = Instant(resolver.at + SECOND // 5)
    await resolver.told(call("another", 3, anonymous_id="b1"))
    await all_done(resolver.first)
    await all_done(resolver.patient)
    assert await resolver.merged() == 2 * PER_SECOND // 5
    resolver.at = Instant(resolver.at + SECOND)
    await all_done(resolver.patient)
    assert await resolver.merged() == PAIRS, "nobody else came"
    await database.close()
