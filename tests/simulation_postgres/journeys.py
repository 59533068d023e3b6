"""All four services as one process runs them: `python -m tests.simulation_postgres.journeys`."""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from services.attribution import settings as attribution_settings
from services.attribution.wiring import MIGRATIONS as ATTRIBUTION_MIGRATIONS
from services.attribution.wiring import consuming
from services.handoff.wiring import MIGRATIONS as HANDOFF_MIGRATIONS
from services.ingest.store.session import open_resolving
from services.ingest.wiring import MIGRATIONS as INGEST_MIGRATIONS
from services.ingest.worker import GROUP, HANDLERS, TOPICS
from services.scoring import worker as scoring
from services.scoring.handlers.scoring import Scoring
from services.scoring.settings import rules_of
from services.scoring.store.ledger import open_ledger
from services.scoring.wiring import MIGRATIONS as SCORING_MIGRATIONS
from shared.contracts import charter_text
from shared.db.engine import Database
from shared.db.migrate import migrate
from shared.db.work import Work
from shared.kernel.instant import Instant
from shared.kernel.keys import Key
from shared.runtime.session import GATHER_MS, Consuming
from tests.simulation_postgres import selling
from tests.simulation_postgres.process import Beside, Cast, Orders, work
from tests.simulation_postgres.selling import HANDING

SCORING_RULES = rules_of(charter_text.default())
ATTRIBUTION_RULES = attribution_settings.rules_of(charter_text.default())
_MIGRATIONS: Mapping[str, Path] = {
    "ingest": INGEST_MIGRATIONS,
    "scoring": SCORING_MIGRATIONS,
    "attribution": ATTRIBUTION_MIGRATIONS,
    "handoff": HANDOFF_MIGRATIONS,
}


async def _open_scoring(work: Work, keys: frozenset[Key], now: Instant) -> Scoring:
    people, ledger = await open_ledger(work, keys)
    return Scoring(people, ledger, SCORING_RULES, now)


async def _prepare(database: Database) -> None:
    await migrate(database, _MIGRATIONS[database.service])
    if database.service == HANDING.group:
        await selling.prepare(database)


JOURNEYS = Cast(
    module="tests.simulation_postgres.journeys",
    services=(
        Consuming(GROUP, TOPICS, HANDLERS, open_resolving),
        Consuming(scoring.GROUP, scoring.TOPICS, scoring.HANDLERS, _open_scoring),
        # It waits for more, which saves transactions, and here costs time alone.
        replace(consuming(ATTRIBUTION_RULES), gather_ms=GATHER_MS),
        HANDING,
    ),
    prepare=_prepare,
    shares=(("0,1", "0,1,2,3"), ("2,3", "0,1,2,3")),
    dies_at=("before_commit", "after_commit", "after_relay_publish", "after_send"),
    beside={HANDING.group: Beside(selling.delivering, selling.undelivered)},
)

if __name__ == "__main__":
    asyncio.run(work(JOURNEYS, Orders.of(sys.argv[1:])))
