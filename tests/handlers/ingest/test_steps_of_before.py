"""A store whose steps did not say of which hand-off they are says so after its migration."""

from importlib import import_module
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, select

from services.ingest.store.tables import TIMELINE
from services.ingest.wiring import MIGRATIONS
from shared.db.engine import open_database
from tests.handlers.ingest.at_ingest import handed, opened, staged

_FILE = next(MIGRATIONS.glob("versions/*_steps_of_handoffs.py"))
_MIGRATION = import_module(f"services.ingest.store.migrations.versions.{_FILE.stem}")
_ANA = "00000000-0000-5000-8000-000000000001"


def _down_and_up(connection: Connection) -> None:
    with Operations.context(MigrationContext.configure(connection)):
        _MIGRATION.downgrade()
        _MIGRATION.upgrade()


async def check(folder: Path, url: str) -> None:
    """Tell of a person, go back to the table as it was and forth again, and look whether anything is different."""
    async with opened(folder, url if url.startswith("postgresql") else None) as ingest:
        await ingest.given(staged(_ANA, 1, lead=1), handed(_ANA, 1, "assigned", 2), handed(_ANA, 2, "accepted", 3))
        database = open_database(url, "ingest")
        async with database.engine.connect() as connection:
            writing = await connection.execution_options(throughline_writes=True)
            async with writing.begin():
                before = set((await writing.execute(select(TIMELINE))).all())
                await writing.run_sync(_down_and_up)
                assert set((await writing.execute(select(TIMELINE))).all()) == before
                assert len({row.handoff for row in before}) == 2
        await database.close()


async def test_steps_of_before_on_sqlite(tmp_path: Path) -> None:
    await check(tmp_path, f"sqlite+aiosqlite:///{tmp_path / 'ingest.db'}")


async def test_steps_of_before_on_postgres(tmp_path: Path, postgres_url: str) -> None:
    await check(tmp_path, postgres_url)
