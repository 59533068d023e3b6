"""What was deleted leaves the files of a store too: the file is rebuilt without it, the write-ahead log emptied.

Promises: of what was deleted and committed before, no byte is in a SQLite file, its WAL or its journal, and all that
was committed is on disk. Leaves out PostgreSQL: its pages and its WAL are vacuumed and rotated by whoever runs it.
"""

import asyncio
import sqlite3
from contextlib import closing

from shared.db.engine import Database
from shared.kernel.errors import TryLater

_PATIENCE_SECONDS = 5.0
"""How long whoever reads or writes the file in another process is waited for."""


async def clean(database: Database) -> bool:
    """Take what was deleted out of a store's files. False where somebody is still reading what was there: ask again.

    Raises TryLater where the file cannot be rebuilt now. PostgreSQL answers True, and nothing is done.
    """
    path = database.url.database
    if database.dialect != "sqlite" or not path or path == ":memory:":
        return True
    async with database.quiet():
        return await asyncio.to_thread(rebuild, path)


def rebuild(path: str) -> bool:
    """Rebuild one SQLite file; blocks. Answers and raises as `clean`."""
    # To overwrite what is deleted (`secure_delete`) does not reach copies that lie in pages which were rebalanced.
    with closing(sqlite3.connect(path, isolation_level=None, timeout=_PATIENCE_SECONDS)) as connection:
        try:
            connection.execute("VACUUM")
            (busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError as error:
            raise TryLater(f"a store could not be rebuilt: {error}") from error
    return not busy
