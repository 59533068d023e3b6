"""All services on one log where nothing dies: what comes in is worked to the end before the next is asked for."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from msgspec import json

from services.ingest.api import acts, reviews
from services.ingest.ports import Order
from services.ingest.store.commands import Show, SqlIdentityCommands
from services.ingest.store.session import open_resolving
from services.scoring.store.owed import Folding
from shared.contracts.envelope import Emit
from shared.contracts.topics import TOPICS
from shared.db import outbox
from shared.db.engine import Database, open_database, sqlite_url
from shared.db.migrate import migrate
from shared.kernel.instant import Instant
from shared.log.memory import MemoryLog
from shared.runtime.consume import Consumer
from shared.runtime.relay import Relay
from shared.testing.inline_sqlite import InlineConnection
from tests.simulation.services_under_test import simulated_services


class Calm:
    """The services, their stores, and an operator of ingest."""

    def __init__(self, folder: Path, now: Instant) -> None:
        self._now = now
        self._log = MemoryLog(now=self._clock)
        self._services = simulated_services()
        self.stores: dict[str, Database] = {
            one.name: open_database(sqlite_url(folder, one.name), one.name, file_driver=InlineConnection)
            for one in self._services
        }
        self._consumers = [
            Consumer(self._log, self.stores[one.name], loop, now=self._clock)
            for one in self._services
            for loop in one.loops
        ]
        self._folding = [
            Folding(self.stores[one.name], one.consuming.open, now=self._clock, committed=lambda: None)
            for one in self._services
            if one.folds_apart
        ]
        self._relays = [(database, Relay(self._log, database)) for database in self.stores.values()]
        show = Show(acts.outcome_body, reviews.review_body)
        self._operator = SqlIdentityCommands(
            self.stores["ingest"], open_resolving, show, now=self._clock, committed=lambda: None
        )

    def _clock(self) -> Instant:
        return self._now

    async def start(self) -> None:
        """Make the topics and the stores."""
        await self._log.start({topic.name: 2 for topic in TOPICS})
        for one in self._services:
            await migrate(self.stores[one.name], one.migrations)

    async def close(self) -> None:
        for database in self.stores.values():
            await database.close()
        await self._log.close()

    async def given(self, *emits: Emit) -> None:
        """These came through the doors, and all that follows from them has happened."""
        await self._log.publish([outbox.outgoing(emit) for emit in emits])
        await self._settle()

    async def merge(self, person: str, other: str) -> str:
        """Two people are made one, everywhere; answers the id of the act."""
        answer = await self._operator.merge(person, other, Order("ops"), None)
        await self._settle()
        return str(json.decode(answer.body)["act_ids"][0])

    async def split(self, person: str, event: str) -> None:
        """What an event says is withdrawn, everywhere."""
        await self._operator.split(person, event, Order("ops"), None)
        await self._settle()

    async def rows(self, service: str, statement: str) -> Sequence[tuple[Any, ...]]:
        """Rows of a store, in the order of their text."""
        async with self.stores[service].read() as reader:
            return sorted((tuple(row) for row in await reader.rows(statement)), key=str)

    async def _settle(self) -> None:
        busy = True
        while busy:
            busy = any([await consumer.turn(0) for consumer in self._consumers])
            busy = any([await folding.due(self._now) for folding in self._folding]) or busy
            for database, relay in self._relays:
                async with database.hold("outbox") as held:
                    while held is not None and await relay.turn(held):
                        busy = True


@asynccontextmanager
async def calm(folder: Path, now: Instant) -> AsyncIterator[Calm]:
    """The services on new stores in a folder that is there."""
    services = Calm(folder, now)
    await services.start()
    try:
        yield services
    finally:
        await services.close()
