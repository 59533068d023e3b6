"""What a resolver has looked up may have moved by the time it holds the locks."""

from pathlib import Path

import pytest
from sqlalchemy import select

from services.ingest.domain.identity import identifier
from services.ingest.store.graph import SqlGraph
from services.ingest.store.tables import IDENTIFIERS
from services.ingest.wiring import MIGRATIONS
from shared.db.engine import open_database, sqlite_url
from shared.db.migrate import migrate
from shared.kernel.errors import NotLoaded
from tests.handlers.ingest.resolver import NOW, Resolver, happened


async def test_an_identifier_that_moved_meanwhile_is_known_by_its_root_or_looked_up_again(tmp_path: Path) -> None:
    database = open_database(sqlite_url(tmp_path, "ingest"), "ingest")
    await migrate(database, MIGRATIONS)
    await Resolver(database).take(happened(1, "identify", trusted=True, at=1, user_id="ana"))
    async with database.work() as work:
        [row] = await work.rows(select(IDENTIFIERS))
        joined = SqlGraph(work, {"where it lay before": row.component}, NOW)
        await joined.load([row.id], 0)
        assert joined.owner(identifier(row.id)) == row.person
        with pytest.raises(NotLoaded):
            await SqlGraph(work, {"where it lay before": "another"}, NOW).load([row.id], 0)
    await database.close()
