"""SQLite under the store's suite, and what only a file does."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.contracts.records import Partition
from shared.db import positions
from shared.db.engine import Database, open_database, sqlite_url
from shared.db.positions import Standing
from shared.testing.store_suite import IGNORE, SERVICE, Opened, StoreSuite, make_tables, things, write


class TestSqliteStore(StoreSuite):
    @pytest.fixture
    async def opened(self, tmp_path: Path) -> AsyncIterator[Opened]:
        databases: list[Database] = []

        def open_one() -> Database:
            databases.append(open_database(sqlite_url(tmp_path, SERVICE), SERVICE))
            return databases[-1]

        await make_tables(open_one())
        yield open_one
        for database in databases:
            await database.close()

    async def test_writers_of_one_process_wait_for_each_other_however_many_they_are(self, opened: Opened) -> None:
        database = opened()
        for number in range(50):
            await write(database, IGNORE, (str(number), "x", 1))
        assert len(await things(database)) == 50

    async def test_the_process_always_holds_its_lock(self, opened: Opened) -> None:
        database = opened()
        async with database.hold("relay") as one, database.hold("relay") as other:
            assert one is not None
            assert other is not None

    async def test_positions_that_are_secured_stay_where_they_are_and_are_written(
        self, opened: Opened, tmp_path: Path
    ) -> None:
        database, written = opened(), tmp_path / f"{SERVICE}.db-wal"
        at = {Partition("t", 0): Standing(7, "i")}
        async with database.work() as work:
            await positions.begin(work, "g", at)
        before = written.stat().st_size
        async with database.work() as work:
            await positions.secure(work, "g")
        assert written.stat().st_size > before
        async with database.read() as reader:
            assert await positions.standing(reader, "g") == at

    async def test_what_is_deleted_is_not_left_in_the_file(self, opened: Opened) -> None:
        async with opened().read() as reader:
            assert await reader.scalar("PRAGMA secure_delete") == 1
            assert await reader.scalar("PRAGMA synchronous") == 2
            assert await reader.scalar("PRAGMA journal_mode") == "wal"
