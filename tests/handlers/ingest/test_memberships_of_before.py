"""A store that knew no statements of its memberships knows them after its migration, as far as events still tell."""

from importlib import import_module
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, select

from services.ingest.store.tables import ACCOUNT_MEMBERS
from services.ingest.wiring import MIGRATIONS
from shared.contracts.touchpoints import AccountRef
from shared.db.engine import open_database
from tests.handlers.ingest.at_ingest import call, deal, opened

_FILE = next(MIGRATIONS.glob("versions/*_account_statements.py"))
_MIGRATION = import_module(f"services.ingest.store.migrations.versions.{_FILE.stem}")


def _down_and_up(connection: Connection) -> None:
    with Operations.context(MigrationContext.configure(connection)):
        _MIGRATION.downgrade()
        _MIGRATION.upgrade()


async def check(folder: Path, url: str) -> None:
    """Tell of three members, go back to the table as it was and forth again, and look whether anything is different."""
    async with opened(folder, url if url.startswith("postgresql") else None) as ingest:
        await ingest.given(
            call("g1", 1, type="group", group_id="acme", user_id="u", anonymous_id="b"),
            call("g2", 2, type="group", group_id="acme", anonymous_id="drawn"),
            deal("d1", 3, "bo@ex.org", AccountRef(id="globex"), crm_contact_id="c1"),
        )
        database = open_database(url, "ingest")
        async with database.engine.connect() as connection:
            writing = await connection.execution_options(throughline_writes=True)
            async with writing.begin():
                before = set((await writing.execute(select(ACCOUNT_MEMBERS))).all())
                await writing.run_sync(_down_and_up)
                assert set((await writing.execute(select(ACCOUNT_MEMBERS))).all()) == before
                assert len(before) == 3
        await database.close()


async def test_memberships_of_before_on_sqlite(tmp_path: Path) -> None:
    await check(tmp_path, f"sqlite+aiosqlite:///{tmp_path / 'ingest.db'}")


async def test_memberships_of_before_on_postgres(tmp_path: Path, postgres_url: str) -> None:
    await check(tmp_path, postgres_url)
