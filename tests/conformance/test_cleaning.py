"""What was deleted is in no file of a store once the store was cleaned: looked for byte by byte."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import delete

from shared.db.cleaning import clean
from shared.db.engine import Database, open_database, sqlite_url
from shared.testing.store_suite import IGNORE, SERVICE, THINGS, make_tables, things

_MARK = "canary7f3a"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Database]:
    database = open_database(sqlite_url(tmp_path, SERVICE), SERVICE)
    await make_tables(database)
    async with database.work() as work:
        await work.write(
            IGNORE, [(f"{number:04}", f"{_MARK if number % 2 else 'other'}{number}", 1) for number in range(900)]
        )
    async with database.work() as work:
        await work.execute(delete(THINGS).where(THINGS.c.said.startswith(_MARK)))
    yield database
    await database.close()


def _marked(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if _MARK.encode() in path.read_bytes()]


async def test_what_was_deleted_is_in_no_file_and_the_rest_is_there(store: Database, tmp_path: Path) -> None:
    assert _marked(tmp_path)
    assert await clean(store)
    assert _marked(tmp_path) == []
    assert len(await things(store)) == 450


async def test_while_somebody_still_reads_what_was_there_a_store_is_not_clean(store: Database, tmp_path: Path) -> None:
    reader = sqlite3.connect(tmp_path / f"{SERVICE}.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM things").fetchone()
    assert not await clean(store)
    reader.close()
    assert await clean(store)
    assert _marked(tmp_path) == []
