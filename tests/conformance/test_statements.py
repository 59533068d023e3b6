"""Statements past SQLAlchemy's execution, on both databases."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.schema import CreateSchema

from shared.db.compiled import SHAPES
from shared.db.engine import Database, open_database, sqlite_url
from shared.testing.statement_suite import ROWS, Opened, StatementSuite, keep

_SERVICE = "statements"


class TestOnSqlite(StatementSuite):
    @pytest.fixture
    async def opened(self, tmp_path: Path) -> AsyncIterator[Opened]:
        database = open_database(sqlite_url(tmp_path, _SERVICE), _SERVICE)
        await keep(database)
        yield lambda: database
        await database.close()

    async def test_a_set_of_values_is_looked_up_in_an_index(self, opened: Opened) -> None:
        async with opened().read() as reader:
            some = reader.among(ROWS.c.id, ["a"])
            for condition in (some, some & (ROWS.c.number > 1), some | (ROWS.c.id == "b")):
                found = SHAPES["sqlite"].find(select(ROWS.c.said).where(condition))
                assert found is not None
                plan = await reader.rows("EXPLAIN QUERY PLAN " + found[0].sql.replace("?", "NULL"))
                assert [step.detail for step in plan if step.detail.startswith(f"SCAN {ROWS.name}")] == []


class TestOnPostgres(StatementSuite):
    @pytest.fixture
    async def opened(self, postgres_url: str) -> AsyncIterator[Opened]:
        database: Database = open_database(postgres_url, _SERVICE)
        async with database.engine.begin() as connection:
            await connection.execute(CreateSchema(_SERVICE))
        await keep(database)
        yield lambda: database
        await database.close()

    async def test_a_read_is_of_one_transaction_from_its_first_statement_on(self, opened: Opened) -> None:
        async with opened().read() as reader:
            began = select(func.now())
            assert await reader.scalar(began) == await reader.scalar(began)
