"""A store that was in use before there were sums has them after its migration, as if they had always been kept."""

from importlib import import_module
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, delete

from services.attribution.store.tables import CREDIT_SUMS, SUMMED, WON_SUMS
from services.attribution.wiring import MIGRATIONS
from tests.handlers.attribution.rebuilding import rebuilt_is_live
from tests.handlers.attribution.scene import Json, Scene, deal, scene, touch

_FILE = next(MIGRATIONS.glob("versions/*_sums.py"))
_MIGRATION = import_module(f"services.attribution.store.migrations.versions.{_FILE.stem}")
STORY = (
    touch("t1", 1, channel="email", campaign={"name": "Spring", "source": "mail"}),
    touch("t2", 2, channel="phone"),
    touch("t3", 3, channel="event"),
    deal("d-1", amount_minor=100_01),
    deal("d-2", "ben", closed=31, amount_minor=7),
    deal("d-3", "ana", currency="USD"),
    deal("d-4", closed=None),
)


def filled(connection: Connection) -> None:
    """Run what the migration does with what is there."""
    with Operations.context(MigrationContext.configure(connection)):
        _MIGRATION.fill(connection.dialect.name)


async def reports(stage: Scene) -> list[Json]:
    """What is answered before and after."""
    return [await stage.get("/v1/attribution", group_by=keys) for keys in ("channel", "campaign,utm_source", "content")]


async def check(stage: Scene) -> None:
    """Forget the sums, have the migration make them, and look whether anything is different."""
    await stage.tell(*STORY)
    before = await reports(stage)
    async with stage.database.engine.connect() as connection:
        writing = await connection.execution_options(throughline_writes=True)
        async with writing.begin():
            for table in (SUMMED, WON_SUMS, CREDIT_SUMS):
                await writing.execute(delete(table))
            await writing.run_sync(filled)
    assert await rebuilt_is_live(stage)
    assert await reports(stage) == before


async def test_sums_of_before_on_sqlite(tmp_path: Path) -> None:
    async with scene(tmp_path) as stage:
        await check(stage)


async def test_sums_of_before_on_postgres(tmp_path: Path, postgres_url: str) -> None:
    async with scene(tmp_path, postgres_url) as stage:
        await check(stage)
