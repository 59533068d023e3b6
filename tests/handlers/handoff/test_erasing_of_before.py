"""A store that was in use before there were erasures finds what it holds of somebody all the same."""

from importlib import import_module
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, update

from services.handoff.store.tables import ACTS, HANDOFFS
from services.handoff.wiring import MIGRATIONS
from tests.handlers.erasing import CANARY
from tests.handlers.handoff.scene import Scene, scene
from tests.handlers.handoff.test_erasing import ERASED, QUALIFIED, held

_FILE = next(MIGRATIONS.glob("versions/*_erased.py"))
_MIGRATION = import_module(f"services.handoff.store.migrations.versions.{_FILE.stem}")


def filled(connection: Connection) -> None:
    """Run what the migration does with what is there."""
    with Operations.context(MigrationContext.configure(connection)):
        _MIGRATION.fill()


async def check(here: Scene) -> None:
    """Forget what the new columns say, have the migration fill them, and erase."""
    await here.happens(QUALIFIED)
    [handoff] = await here.handoffs()
    body = {"reason": "no-budget", "note": CANARY}
    await here.ask("POST", f"/v1/handoffs/{handoff['id']}/reject", body, key="once")
    async with here.parts.database.engine.connect() as connection:
        writing = await connection.execution_options(throughline_writes=True)
        async with writing.begin():
            await writing.execute(update(ACTS).values(handoff_id=None))
            await writing.execute(update(HANDOFFS).values(about=None))
            await writing.run_sync(filled)
    await here.happens(ERASED)
    assert await held(here) == []


async def test_what_was_kept_before_goes_on_sqlite(here: Scene) -> None:
    await check(here)


async def test_what_was_kept_before_goes_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    async with scene(tmp_path, postgres_url) as here:
        await check(here)
