"""The histories of the stores: complete, in one line, safe to run from many processes at once."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import MetaData

from services.attribution.store.tables import METADATA as ATTRIBUTION
from services.attribution.wiring import MIGRATIONS as ATTRIBUTION_MIGRATIONS
from services.handoff.store.tables import METADATA as HANDOFF
from services.handoff.wiring import MIGRATIONS as HANDOFF_MIGRATIONS
from services.ingest.store.tables import METADATA as INGEST
from services.ingest.wiring import MIGRATIONS as INGEST_MIGRATIONS
from services.scoring.store.tables import METADATA as SCORING
from services.scoring.wiring import MIGRATIONS as SCORING_MIGRATIONS
from shared.db.engine import open_database, sqlite_url
from shared.db.migrate import differences, migrate, pending


class History(NamedTuple):
    """A service's tables, and the migrations that are to make them."""

    service: str
    metadata: MetaData
    migrations: Path


HISTORIES = [
    History("ingest", INGEST, INGEST_MIGRATIONS),
    History("scoring", SCORING, SCORING_MIGRATIONS),
    History("handoff", HANDOFF, HANDOFF_MIGRATIONS),
    History("attribution", ATTRIBUTION, ATTRIBUTION_MIGRATIONS),
]


async def check(url: str, history: History) -> None:
    """Migrate an empty store from several processes' places at once, then look at it."""
    async with AsyncExitStack() as stack:
        databases = [open_database(url, history.service) for _ in range(3)]
        for database in databases:
            stack.push_async_callback(database.close)
        assert await pending(databases[0], history.migrations) is not None
        await asyncio.gather(*(migrate(database, history.migrations) for database in databases))
        assert await pending(databases[0], history.migrations) is None
        assert await differences(databases[0], history.metadata) == []


@pytest.fixture(params=HISTORIES, ids=lambda history: history.service)
def history(request: pytest.FixtureRequest) -> History:
    """Each service's."""
    found: History = request.param
    return found


async def test_migrations_make_on_sqlite_exactly_what_the_tables_say(history: History, tmp_path: Path) -> None:
    await check(sqlite_url(tmp_path, history.service), history)


async def test_migrations_make_on_postgresql_exactly_what_the_tables_say(history: History, postgres_url: str) -> None:
    await check(postgres_url, history)


async def test_four_services_share_one_postgresql_and_see_only_their_own(postgres_url: str) -> None:
    async with AsyncExitStack() as stack:
        for history in HISTORIES:
            database = open_database(postgres_url, history.service)
            stack.push_async_callback(database.close)
            await migrate(database, history.migrations)
            assert await differences(database, history.metadata) == []
