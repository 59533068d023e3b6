"""Several resolvers and an operator at once, on the same people from different partitions, end where one alone does."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from random import Random
from typing import cast

from sqlalchemy import func, select

from services.ingest.api import acts, reviews
from services.ingest.domain.acts import OperatorAct
from services.ingest.ports import Order
from services.ingest.store import identities
from services.ingest.store.commands import Show, SqlIdentityCommands
from services.ingest.store.session import open_resolving
from services.ingest.store.tables import CLAIMS, OPERATOR_ACTS, PEOPLE, TOUCHPOINTS
from services.ingest.wiring import MIGRATIONS
from services.ingest.worker import GROUP, HANDLERS, TOPICS
from shared.contracts import topics
from shared.contracts.envelope import Emit, Event, decode
from shared.contracts.topics import TYPES
from shared.db import outbox
from shared.db.engine import Database, open_database
from shared.db.migrate import migrate
from shared.kernel.errors import Conflict, TryLater
from shared.log.memory import MemoryLog
from shared.log.ports import Log
from shared.runtime.consume import Consumer
from shared.runtime.session import Consuming
from tests.handlers.ingest.at_ingest import NOW, call, identify
from tests.handlers.ingest.resolver import Believer, Collected, resolving

RESOLVERS, PARTITIONS, EVENTS, BURST, DECISIONS = 3, 6, 240, 16, 12
SECONDS = 60


def story() -> list[Emit]:
    """A few people with few names, who share browsers and addresses, in no order at all."""
    random = Random("at once")
    emits = []
    for number in range(EVENTS):
        who, browser = random.randrange(20), f"b{random.randrange(24)}"
        if random.random() < 0.5:
            emits.append(call(f"m{number}", random.random() * 20, anonymous_id=browser))
        else:
            email, user = f"p{who}@ex.org", random.choice((None, f"u{who}", f"u{who + 1}"))
            emits.append(identify(f"m{number}", random.random() * 20, email, user_id=user, anonymous_id=browser))
    random.shuffle(emits)
    return emits


async def work(log: Log, url: str) -> None:
    """One resolver of the group, with a store and a place in the group of its own, until everything is on record."""
    database = open_database(url, "ingest")
    consumer = Consumer(log, database, Consuming(GROUP, TOPICS, HANDLERS, open_resolving), now=lambda: NOW)
    while await on_record(database) < EVENTS:
        try:
            await consumer.turn(5)
        except TryLater:
            continue
    stopped = asyncio.Event()
    stopped.set()
    await consumer.run(stopped)
    await database.close()


async def operate(url: str) -> None:
    """An operator who merges people and withdraws what events say, while they are resolved."""
    random, database = Random("operator"), open_database(url, "ingest")
    show = Show(acts.outcome_body, reviews.review_body)
    operator = SqlIdentityCommands(database, open_resolving, show, now=lambda: NOW, committed=lambda: None)
    for decision in range(DECISIONS):
        while await on_record(database) < (decision + 1) * EVENTS // (DECISIONS + 1):
            continue
        async with database.read() as reader:
            people = sorted(row.id for row in await reader.rows(select(PEOPLE.c.id)))
            said = select(TOUCHPOINTS.c.id, TOUCHPOINTS.c.person).where(TOUCHPOINTS.c.statement.is_not(None))
            events = sorted((row.id, row.person) for row in await reader.rows(said))
        with suppress(Conflict, TryLater):  # They are one already, or what was said is somebody else's by now.
            if decision % 2:
                one, other = random.sample(people, 2)
                await operator.merge(one, other, Order("ops"), None)
            else:
                event, person = random.choice(events)
                await operator.split(person, event, Order("ops"), None)
    await database.close()


async def decided(database: Database) -> list[OperatorAct]:
    """What the operator did."""
    statements = select(OPERATOR_ACTS, CLAIMS.c.identifiers).join(CLAIMS, CLAIMS.c.id == OPERATOR_ACTS.c.statement)
    async with database.read() as reader:
        rows = await reader.rows(statements)
    return [OperatorAct(row.kind, identities.named(row.identifiers), row.at, row.who, row.event_id) for row in rows]


async def on_record(database: Database) -> int:
    async with database.read() as reader:
        return int(await reader.scalar(select(func.count()).select_from(TOUCHPOINTS)))


async def alone(emits: Sequence[Emit], decisions: Sequence[OperatorAct]) -> Believer:
    """What one resolver says, to whom everything comes in order, and then all that was decided."""
    async with resolving() as resolver:
        for emit in emits:
            await resolver.take(cast("Collected", emit.event.data))
        for decision in decisions:
            await resolver.decide(decision)
        return resolver.believed()


async def test_several_resolvers_at_once_end_where_one_alone_does(postgres_url: str) -> None:
    log, emits = MemoryLog(now=lambda: NOW), story()
    await log.start({topic.name: PARTITIONS for topic in topics.TOPICS})
    database = open_database(postgres_url, "ingest")
    await migrate(database, MIGRATIONS)
    async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as resolvers:
        for _ in range(RESOLVERS):
            resolvers.create_task(work(log, postgres_url))
        resolvers.create_task(operate(postgres_url))
        for start in range(0, EVENTS, BURST):
            await log.publish([outbox.outgoing(emit) for emit in emits[start : start + BURST]])
            # The next burst comes while they are still at this one: they meet on the same people again and again.
            while await on_record(database) < start:
                continue
    believed = Believer()
    async with database.read() as reader:
        records = [waiting.record for waiting in await outbox.waiting(reader, 100_000)]
    for record in records:
        event: Event = decode(record.value, record.headers, TYPES)
        believed.hear(Emit(record.topic, record.key.decode(), event))
    decisions = await decided(database)
    await database.close()
    assert decisions
    expected = await alone(emits, decisions)
    assert believed.belongings() == expected.belongings()
    assert believed.emails() == expected.emails()
