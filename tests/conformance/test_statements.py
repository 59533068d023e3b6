"""Statements past SQLAlchemy's execution, on both databases."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.schema import CreateSchema

from shared.db.engine import Database, open_database, sqlite_url
from shared.testing.statement_suite import Opened, StatementSuite, keep

_SERVICE = "statements"


class TestOnSqlite(StatementSuite):
    @pytest.fixture
    async def opened(self, tmp_path: Path) -> AsyncIterator[Opened]:
        database = open_database(sqlite_url(tmp_path, _SERVICE), _SERVICE)
        await keep(database)
        yield lambda: database
        await database.close()


class TestOnPostgres(StatementSuite):
    @pytest.fixture
    async def opened(self, postgres_url: str) -> AsyncIterator[Opened]:
        database: Database = open_database(postgres_url, _SERVICE)
        async with database.engine.begin() as connection:
            await connection.execute(CreateSchema(_SERVICE))
        await keep(database)
        yield lambda: database
        await database.close()
