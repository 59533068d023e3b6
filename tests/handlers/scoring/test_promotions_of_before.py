"""A store whose states did not know their promotions says all of them after its migration."""

from importlib import import_module
from pathlib import Path

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from msgspec import json
from sqlalchemy import Connection, update

from services.scoring.store.tables import LEADS
from shared.db.engine import Database
from tests.handlers.scoring.at_scoring import NOW, card, opened, touch
from tests.handlers.scoring.test_promotions_told import ASKED, DEMO, said, standing

MIGRATION = import_module("services.scoring.store.migrations.versions.0007_promotions_that_stand")


async def forget_promotions(database: Database) -> None:
    """Have the state of everybody be as it was before it named promotions."""
    async with database.work() as work:
        for row in await work.rows(LEADS.select()):
            state = json.decode(row.state)
            del state["promotions"]
            before = update(LEADS).where(LEADS.c.person_id == row.person_id)
            await work.execute(before.values(state=json.encode(state), told="before"))


async def upgrade(database: Database) -> None:
    """What the migration does."""

    def up(connection: Connection) -> None:
        with Operations.context(MigrationContext.configure(connection)):
            MIGRATION.upgrade()

    async with database.engine.connect() as connection:
        writing = await connection.execution_options(throughline_writes=True)
        async with writing.begin():
            await writing.run_sync(up)


@pytest.mark.parametrize("meanwhile", [False, True])
async def test_everybody_is_folded_again_whatever_comes_first(
    tmp_path: Path, store: str | None, meanwhile: bool
) -> None:
    async with opened(tmp_path, store) as scoring:
        await scoring.given(card("ana"), ASKED, card("bo"), touch("bo", "page_viewed", 1))
        told = len(await said(scoring))
        await forget_promotions(scoring.database)
        await upgrade(scoring.database)
        if meanwhile:
            await scoring.given(touch("ana", "page_viewed", 3))
        while await scoring.folding.due(NOW):
            continue
        assert await standing(scoring, "ana") == {DEMO: True}
        assert len(await said(scoring)) == told + 2
