"""What was kept before is brought up to date: versions of deals of before there were erasures name nobody, and who was
erased while on a deal has left it."""

from collections.abc import AsyncIterator, Callable
from importlib import import_module
from pathlib import Path

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from msgspec import json
from sqlalchemy import Connection, delete, update

from services.attribution.store.tables import DEAL_HISTORY, DEAL_LEAVERS
from services.attribution.wiring import MIGRATIONS
from tests.handlers.attribution.scene import Scene, deal, person, scene, touch
from tests.handlers.attribution.test_erasing import held
from tests.handlers.erasing import erasure

POSTED = deal("d-1", "ana")


def filling(name: str) -> Callable[[Connection], None]:
    """Run what a migration does with what is there."""
    file = next(MIGRATIONS.glob(f"versions/*_{name}.py"))
    migration = import_module(f"services.attribution.store.migrations.versions.{file.stem}")

    def filled(connection: Connection) -> None:
        with Operations.context(MigrationContext.configure(connection)):
            migration.fill()

    return filled


async def test_no_version_of_before_names_anybody_and_the_rest_of_it_stays(tmp_path: Path) -> None:
    async with scene(tmp_path) as stage:
        await stage.tell(POSTED)
        before = await stage.get("/v1/deals/d-1")
        async with stage.database.engine.connect() as connection:
            writing = await connection.execution_options(throughline_writes=True)
            async with writing.begin():
                await writing.execute(update(DEAL_HISTORY).values(body=json.encode(POSTED.event.data)))
                await writing.run_sync(filling("erased"))
        assert "deal_history" not in {name for name, _ in await held(stage, person("ana"))}
        assert await stage.get("/v1/deals/d-1") == before


class Leaving:
    """Who was erased before it was kept that they left their deals, on whichever store `stage` stands on."""

    async def test_whoever_was_erased_stays_on_a_deal_that_is_posted_later(self, stage: Scene) -> None:
        await stage.tell(touch("t1", 1, channel="email"), touch("t2", 2, "cleo", channel="event"))
        await stage.tell(deal("d-1", "ana", "cleo"), *erasure(person("ana")), deal("d-1", "cleo", revision=2))
        before = await stage.earned()
        async with stage.database.engine.connect() as connection:
            writing = await connection.execution_options(throughline_writes=True)
            async with writing.begin():
                await writing.execute(delete(DEAL_LEAVERS))
                await writing.run_sync(filling("leavers"))
        await stage.tell(deal("d-1", "cleo", version=2, revision=3))
        assert await stage.earned() == before == {"email": 50_00, "event": 50_00}


class TestOnSqlite(Leaving):
    """On a file."""

    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Scene]:
        async with scene(tmp_path) as stage:
            yield stage


class TestOnPostgres(Leaving):
    """On a database of its own."""

    @pytest.fixture
    async def stage(self, tmp_path: Path, postgres_url: str) -> AsyncIterator[Scene]:
        async with scene(tmp_path, postgres_url) as stage:
            yield stage
