"""Marks on the data of whoever is erased, and where they are found: in files by byte, in tables by cell."""

from collections.abc import Iterable
from pathlib import Path

import asyncpg

from tests.parts.part import answer_of

CANARY = "canary7f3a"
"""In everything that is of the erased, and in nothing else."""
EMAIL, PHONE = f"{CANARY}@acme.example", "+493012345678"
MARKS = (CANARY.encode(), CANARY.upper().encode(), PHONE.encode(), b"3012345678")
_TABLES = """
    select format('%I.%I', table_schema, table_name) from information_schema.tables
    where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')
"""


def bears(text: bytes) -> bool:
    """Whether a mark is in it."""
    return any(mark in text for mark in MARKS)


def marked(folder: Path) -> list[str]:
    """The files that hold a mark, WALs and journals too."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return sorted(path.name for path in files if bears(path.read_bytes()))


def marked_tables(database: str) -> list[str]:
    """The tables of all schemas of a PostgreSQL that hold a mark, as `schema.table`."""
    return answer_of(_marked_tables(database))


async def _marked_tables(database: str) -> list[str]:
    connection = await asyncpg.connect(database)
    try:
        tables = [row[0] for row in await connection.fetch(_TABLES)]
        # The names are the server's own, quoted by it.
        return sorted([name for name in tables if _bear(await connection.fetch(f"select * from {name}"))])  # noqa: S608
    finally:
        await connection.close()


def _bear(rows: Iterable[asyncpg.Record]) -> bool:
    return any(bears(cell if isinstance(cell, bytes) else str(cell).encode()) for row in rows for cell in row)
