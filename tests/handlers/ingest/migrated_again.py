"""A migration that is undone and done again on a store that is filled."""

from importlib import import_module
from typing import Any

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, Row, Table, select

from services.ingest.wiring import MIGRATIONS
from shared.db.engine import open_database


async def again(url: str, named: str, table: Table) -> tuple[set[Row[Any]], set[Row[Any]]]:
    """The rows of a table before and after the migration of that name was undone and done again."""
    file = next(MIGRATIONS.glob(f"versions/*_{named}.py"))
    migration = import_module(f"services.ingest.store.migrations.versions.{file.stem}")

    def down_and_up(connection: Connection) -> None:
        with Operations.context(MigrationContext.configure(connection)):
            migration.downgrade()
            migration.upgrade()

    database = open_database(url, "ingest")
    async with database.engine.connect() as connection:
        writing = await connection.execution_options(throughline_writes=True)
        async with writing.begin():
            before = set((await writing.execute(select(table))).all())
            await writing.run_sync(down_and_up)
            after = set((await writing.execute(select(table))).all())
    await database.close()
    return before, after
