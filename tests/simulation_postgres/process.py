"""One real process: the resolver and scoring, with their loops and relays, on a PostgreSQL that others use too.

`python -m tests.simulation_postgres.process URL SHARE [WITHOUT]`: runs until it is killed. `WITHOUT` takes one of the
guards away: `locks`, `outbox`.
"""

import asyncio
import sys
from collections.abc import Sequence
from typing import Any

from sqlalchemy import event

from services.ingest.store.session import open_resolving
from services.ingest.worker import GROUP, HANDLERS, TOPICS
from services.scoring import worker as scoring
from services.scoring.handlers.scoring import Scoring
from services.scoring.settings import rules_of
from services.scoring.store.ledger import open_ledger
from shared.contracts import charter_text
from shared.contracts.records import Outgoing
from shared.db.engine import Database, open_database
from shared.db.work import Work
from shared.kernel.instant import Instant
from shared.kernel.keys import Key
from shared.runtime.consume import GUARDS, Consumer, Guards
from shared.runtime.relay import Relay
from shared.runtime.session import Consuming
from shared.testing.table_log import SCHEMA, TableLog
from tests.handlers.ingest.resolver import NOW

PARTITIONS = 4
RULES = rules_of(charter_text.default())
RESOLVING = Consuming(GROUP, TOPICS, HANDLERS, open_resolving)


async def open_scoring(work: Work, keys: frozenset[Key], now: Instant) -> Scoring:
    """A session of scoring."""
    people, ledger = await open_ledger(work, keys)
    return Scoring(people, ledger, RULES, now)


SCORING = Consuming(scoring.GROUP, scoring.TOPICS, scoring.HANDLERS, open_scoring)


def without_locks(database: Database) -> Database:
    """The same store, on which nobody locks a row before reading it."""

    def unlocked(_c: Any, _k: Any, statement: str, parameters: Any, _x: Any, _m: bool) -> tuple[str, Any]:
        return statement.removesuffix(" FOR UPDATE"), parameters

    event.listen(database.engine.sync_engine, "before_cursor_execute", unlocked, retval=True)
    return database


class NoOutbox:
    """What is to leave waits in memory until its transaction is committed, as if no process ever died."""

    def __init__(self, log: TableLog) -> None:
        self._log = log
        self._waiting: list[Outgoing] = []
        self._sending: set[asyncio.Task[None]] = set()
        self.guards = Guards(leave=self._leave)

    async def _leave(self, _work: Work, records: Sequence[Outgoing]) -> None:
        self._waiting[:] = records

    def committed(self) -> None:
        """Send it now."""
        if self._waiting:
            task = asyncio.create_task(self._log.publish(tuple(self._waiting)))
            self._waiting.clear()
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)


async def run(url: str, share: frozenset[int], without: str) -> None:
    """Work until killed."""
    log = TableLog(open_database(url, SCHEMA), PARTITIONS, share)
    await log.start({})
    stopping = asyncio.Event()
    async with asyncio.TaskGroup() as parts:
        for service in (RESOLVING, SCORING):
            database = open_database(url, service.group)
            if without == "locks":
                without_locks(database)
            unsafe = NoOutbox(log)
            guards, committed = (unsafe.guards, unsafe.committed) if without == "outbox" else (GUARDS, lambda: None)
            consumer: Consumer[Any] = Consumer(
                log, database, service, now=lambda: NOW, committed=committed, guards=guards
            )
            parts.create_task(consumer.run(stopping))
            parts.create_task(Relay(log, database).run(stopping))


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], frozenset(map(int, sys.argv[2].split(","))), sys.argv[3] if sys.argv[3:] else ""))
