"""People are erased while several resolvers take what they do, from different partitions: nothing of them is taken."""

import asyncio
from contextlib import suppress
from random import Random

from sqlalchemy import select

from services.ingest.api.erasures import erasure_body
from services.ingest.domain.identity import DEFAULT_LIMITS, identifier
from services.ingest.domain.suppression import suppression_hash
from services.ingest.ports import Step
from services.ingest.store.erasing import ErasureTerms, SqlErasing
from services.ingest.store.session import open_record
from services.ingest.store.tables import (
    ERASURE_LINES,
    IDENTIFIERS,
    PEOPLE,
    SUPPRESSED,
    TIMELINE,
    TOMBSTONES,
    TOUCHPOINTS,
)
from services.ingest.wiring import MIGRATIONS
from shared.contracts import topics
from shared.db import outbox
from shared.db.engine import Database, open_database
from shared.db.migrate import migrate
from shared.kernel.errors import Erased, TryLater
from shared.log.memory import MemoryLog
from tests.handlers.ingest.at_ingest import NOW
from tests.handlers.ingest.resolver import Resolver, event_id, happened
from tests.handlers.ingest.test_at_once import EVENTS, PARTITIONS, RESOLVERS, SECONDS, on_record, story, work

ERASURES, KEY = 8, b""


async def erase(url: str) -> None:
    """Somebody who erases people, any of those there are, while they are resolved."""
    random, database = Random("erasing"), open_database(url, "ingest")
    terms = ErasureTerms(KEY, DEFAULT_LIMITS, frozenset(), None)
    erasing = SqlErasing(database, terms, erasure_body, now=lambda: NOW, committed=lambda: None)
    for number in range(ERASURES):
        while await on_record(database) < (number + 1) * EVENTS // (ERASURES + 1):
            continue
        async with database.read() as reader:
            people = sorted(row.id for row in await reader.rows(select(PEOPLE.c.id)))
        with suppress(TryLater, Erased):  # Another one was erased with them, as one person.
            await erasing.erase(random.choice(people))
    await database.close()


async def test_nothing_is_taken_of_who_is_erased_meanwhile(postgres_url: str) -> None:
    database = open_database(postgres_url, "ingest")
    await migrate(database, MIGRATIONS)
    log = MemoryLog()
    await log.start({topic.name: PARTITIONS for topic in topics.TOPICS})
    await log.publish([outbox.outgoing(emit) for emit in story()])
    async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as together:
        for _ in range(RESOLVERS):
            together.create_task(work(log, postgres_url))
        together.create_task(erase(postgres_url))
    await _refuse_traces(database)
    await database.close()


async def test_a_step_that_is_kept_while_its_person_is_erased_does_not_stay(postgres_url: str) -> None:
    database = open_database(postgres_url, "ingest")
    await migrate(database, MIGRATIONS)
    resolver = Resolver(database)
    await resolver.take(happened(1, "identify", user_id="ana"))
    terms = ErasureTerms(KEY, DEFAULT_LIMITS, frozenset(), None)
    erasing = SqlErasing(database, terms, erasure_body, now=lambda: NOW, committed=lambda: None)
    (person,) = resolver.believed().cards
    async with database.work() as work:
        record = await open_record(work, frozenset(), NOW, KEY)
        assert not await record.erasures.erased({person})
        await erasing.erase(person)
        await record.timeline.keep([Step(event_id(2), person, "stages", 1, "{}")])
    await erasing.due(NOW)
    async with database.read() as reader:
        assert await reader.rows(select(TIMELINE)) == []
        removed = select(ERASURE_LINES.c.removed).where(ERASURE_LINES.c.store == "timeline")
        assert await reader.scalar(removed) == 1
    await database.close()


async def _refuse_traces(database: Database) -> None:
    async with database.read() as reader:
        suppressed = {row.hash for row in await reader.rows(select(SUPPRESSED.c.hash))}
        erased = {row.id for row in await reader.rows(select(TOMBSTONES.c.id))}
        names = {row.id for row in await reader.rows(select(IDENTIFIERS.c.id))}
        owners = {row.person for row in await reader.rows(select(TOUCHPOINTS.c.person))}
        people = {row.id for row in await reader.rows(select(PEOPLE.c.id))}
    assert len(erased) >= ERASURES // 2
    assert not {name for name in names if suppression_hash(KEY, identifier(name)) in suppressed}
    assert not (owners | people) & erased
