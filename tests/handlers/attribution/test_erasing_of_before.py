"""Versions of deals that were kept before there were erasures name nobody after the migration."""

from importlib import import_module
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.operations import Operations
from msgspec import json
from sqlalchemy import Connection, update

from services.attribution.store.tables import DEAL_HISTORY
from services.attribution.wiring import MIGRATIONS
from tests.handlers.attribution.scene import deal, person, scene
from tests.handlers.attribution.test_erasing import held

_FILE = next(MIGRATIONS.glob("versions/*_erased.py"))
_MIGRATION = import_module(f"services.attribution.store.migrations.versions.{_FILE.stem}")
POSTED = deal("d-1", "ana")


def filled(connection: Connection) -> None:
    """Run what the migration does with what is there."""
    with Operations.context(MigrationContext.configure(connection)):
        _MIGRATION.fill()


async def test_no_version_of_before_names_anybody_and_the_rest_of_it_stays(tmp_path: Path) -> None:
    async with scene(tmp_path) as stage:
        await stage.tell(POSTED)
        before = await stage.get("/v1/deals/d-1")
        async with stage.database.engine.connect() as connection:
            writing = await connection.execution_options(throughline_writes=True)
            async with writing.begin():
                await writing.execute(update(DEAL_HISTORY).values(body=json.encode(POSTED.event.data)))
                await writing.run_sync(filled)
        assert "deal_history" not in {name for name, _ in await held(stage, person("ana"))}
        assert await stage.get("/v1/deals/d-1") == before
